mod bounds;
mod cpu;
mod empty_handler;
mod flows;
mod histogram;
mod http;
mod load;
mod processes;
fn main() {}
