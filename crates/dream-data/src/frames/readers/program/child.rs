//! A child process under limits: its output and its messages are read by threads, so that no wait is without end.

use std::io::{self, BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

/// Bytes that are read at once, and how many such parts may wait.
const PART: usize = 1 << 16;
const PARTS: usize = 4;
/// Longer lines lose their end.
const MAX_LINE: usize = 1 << 10;
/// Bytes of messages that are kept.
const MAX_MESSAGES: usize = 1 << 12;
/// Lines of interest that may wait. Then the child waits too, which does no harm: it writes a frame before it says
/// something about the next.
const LINES: usize = 1 << 11;

/// How long and how much.
#[derive(Debug, Clone)]
pub(super) struct Limits {
    /// For a whole answer.
    pub(super) answer: Duration,
    /// Bytes of an answer.
    pub(super) answer_bytes: usize,
    /// Without any byte while frames are waited for, and for the end of the process after the last one.
    pub(super) stall: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let (answer, stall) = (Duration::from_secs(30), Duration::from_secs(60));
        Self { answer, answer_bytes: 1 << 20, stall }
    }
}

/// A running child. Dropping it ends it.
#[derive(Debug)]
pub(super) struct Running<L> {
    child: Child,
    pub(super) output: Output,
    lines: Receiver<L>,
}

impl<L: Send + 'static> Running<L> {
    /// Starts a command whose output and messages are pipes. `pick` says which lines of the messages are of interest,
    /// and what they say. The end of the messages is `None` to it.
    pub(super) fn start(
        mut command: Command,
        limit: Duration,
        mut pick: impl FnMut(Option<&str>) -> Option<L> + Send + 'static,
    ) -> io::Result<Self> {
        let mut child = command.spawn()?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let (send_part, parts) = mpsc::sync_channel(PARTS);
        let (give_back, free) = mpsc::sync_channel(PARTS + 2);
        let (send_line, lines) = mpsc::sync_channel(LINES);
        let output = Output { parts, give_back, part: Vec::new(), at: 0, limit };
        // From here on a failure drops the child, which ends it.
        let running = Self { child, output, lines };
        let (Some(mut stdout), Some(stderr)) = (stdout, stderr) else {
            return Err(io::Error::other("the program has no output"));
        };
        thread::Builder::new().spawn(move || pass_on(&mut stdout, &send_part, &free))?;
        thread::Builder::new().spawn(move || {
            let mut send = |line: Option<&str>| pick(line).is_none_or(|line| send_line.send(line).is_ok());
            if each_line(stderr, |line| send(Some(line))) {
                send(None);
            }
        })?;
        Ok(running)
    }

    /// The next line of interest; `None` after the last one.
    pub(super) fn next_line(&mut self) -> io::Result<Option<L>> {
        receive(&self.lines, self.output.limit)
    }

    /// Waits for the end of the process.
    pub(super) fn wait(&mut self) -> io::Result<ExitStatus> {
        let end = Instant::now() + self.output.limit;
        let mut pause = Duration::from_millis(1);
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            if Instant::now() >= end {
                return Err(io::ErrorKind::TimedOut.into());
            }
            thread::sleep(pause);
            pause = (2 * pause).min(Duration::from_millis(50));
        }
    }

    #[cfg(test)]
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }
}

impl<L> Drop for Running<L> {
    fn drop(&mut self) {
        // Both fail only if the process has ended and was waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The bytes that the child writes. A read that takes longer than the limit fails with [`io::ErrorKind::TimedOut`].
#[derive(Debug)]
pub(super) struct Output {
    parts: Receiver<io::Result<Vec<u8>>>,
    /// Used memory goes back to the thread that reads.
    give_back: SyncSender<Vec<u8>>,
    part: Vec<u8>,
    at: usize,
    limit: Duration,
}

impl Read for Output {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.part.len() {
            let Some(part) = receive(&self.parts, self.limit)? else { return Ok(0) };
            // A full channel drops the memory.
            let _ = self.give_back.try_send(std::mem::replace(&mut self.part, part?));
            self.at = 0;
        }
        let mut rest = self.part.get(self.at..).unwrap_or_default();
        let read = rest.read(buffer)?;
        self.at += read;
        Ok(read)
    }
}

/// `None` when nothing will come any more.
fn receive<T>(from: &Receiver<T>, limit: Duration) -> io::Result<Option<T>> {
    match from.recv_timeout(limit) {
        Ok(found) => Ok(Some(found)),
        Err(RecvTimeoutError::Disconnected) => Ok(None),
        Err(RecvTimeoutError::Timeout) => Err(io::ErrorKind::TimedOut.into()),
    }
}

/// Sends what can be read until the end, an error, or nobody listens any more.
fn pass_on(from: &mut impl Read, to: &SyncSender<io::Result<Vec<u8>>>, free: &Receiver<Vec<u8>>) {
    loop {
        let mut part = free.try_recv().unwrap_or_default();
        part.resize(PART, 0);
        let read = match from.read(&mut part) {
            Ok(0) => return,
            Ok(read) => {
                part.truncate(read);
                Ok(part)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => Err(error),
        };
        let failed = read.is_err();
        if to.send(read).is_err() || failed {
            return;
        }
    }
}

/// Passes every line on until `take` is false, which makes this false. Reading errors are the end.
fn each_line(from: impl Read, mut take: impl FnMut(&str) -> bool) -> bool {
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    loop {
        let (used, ended) = match from.fill_buf() {
            Ok([]) => break,
            Ok(bytes) => {
                let newline = bytes.iter().position(|&byte| byte == b'\n');
                let part = bytes.get(..newline.unwrap_or(bytes.len())).unwrap_or_default();
                line.extend(part.iter().take(MAX_LINE.saturating_sub(line.len())));
                (newline.map_or(bytes.len(), |at| at + 1), newline.is_some())
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => break,
        };
        from.consume(used);
        if ended {
            if !take(&String::from_utf8_lossy(&line)) {
                return false;
            }
            line.clear();
        }
    }
    line.is_empty() || take(&String::from_utf8_lossy(&line))
}

/// What a child answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: ExitStatus,
    pub(super) output: Vec<u8>,
    /// Its last messages, one a line.
    pub(super) messages: String,
}

/// Runs a child to its end and keeps its output.
///
/// # Errors
/// [`io::ErrorKind::TimedOut`] and [`io::ErrorKind::FileTooLarge`] beyond the limits.
pub(super) fn capture(command: Command, limits: &Limits) -> io::Result<Answer> {
    let end = Instant::now() + limits.answer;
    let mut last = String::new();
    let pick = move |line: Option<&str>| {
        let Some(line) = line else { return Some(std::mem::take(&mut last)) };
        if last.len() > MAX_MESSAGES {
            last.clear();
        }
        last.push_str(line);
        last.push('\n');
        None
    };
    let mut running = Running::start(command, limits.answer, pick)?;
    let mut output = Vec::new();
    let mut part = [0; 4096];
    loop {
        running.output.limit = end.saturating_duration_since(Instant::now());
        match running.output.read(&mut part)? {
            0 => break,
            read => output.extend_from_slice(part.get(..read).unwrap_or_default()),
        }
        if output.len() > limits.answer_bytes {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
    }
    running.output.limit = end.saturating_duration_since(Instant::now());
    let messages = running.next_line()?.unwrap_or_default();
    running.output.limit = end.saturating_duration_since(Instant::now());
    Ok(Answer { status: running.wait()?, output, messages })
}
