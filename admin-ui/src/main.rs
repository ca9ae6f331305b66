fn main() {
    #[cfg(target_arch = "wasm32")]
    grantor_console::start();
}
