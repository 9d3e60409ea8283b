//! Notices when the program that started the kernel is gone.

/// Ends when the parent has died; never, if no parent is known.
///
/// Jupyter names itself in `JPY_PARENT_PID`. A kernel that it can no longer
/// reach would stay for ever. Both the named process and the real parent count,
/// because a wrapper may stand between them. The death signal of Linux is no
/// help: it comes when the *thread* that started the kernel ends.
#[cfg(unix)]
pub(super) async fn parent_gone() {
    use std::time::Duration;

    use rustix::process::{Pid, test_kill_process};

    let named = std::env::var("JPY_PARENT_PID")
        .ok()
        .and_then(|pid| pid.parse::<i32>().ok());
    let Some(named) = named.filter(|pid| *pid > 1).and_then(Pid::from_raw) else {
        return std::future::pending().await;
    };
    let starter = std::os::unix::process::parent_id();
    let is_there = || {
        std::os::unix::process::parent_id() == starter
            && test_kill_process(named) != Err(rustix::io::Errno::SRCH)
    };
    while is_there() {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Other systems end a console's children themselves.
#[cfg(not(unix))]
pub(super) async fn parent_gone() {
    std::future::pending().await
}
