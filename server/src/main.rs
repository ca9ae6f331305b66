use std::process::ExitCode;

/// Password hashing takes and returns 19 MiB at a time, which glibc's allocator keeps for every
/// thread that ever did it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    grantor::cli::main()
}
