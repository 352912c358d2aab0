//! Listens where nothing may be heard.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::sync::{Arc, Mutex};

/// Ports on which something local is often found.
const USUAL: [u16; 4] = [80, 443, 8080, 8443];

/// What is heard on ports of this machine: everything that comes is written down.
pub struct Canary {
    pub port: u16,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Canary {
    /// Listens on a port of its own, TCP and UDP, and on the usual ones as far as they are free. Whoever asks
    /// gets a page with a script.
    pub fn new() -> Self {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let own = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = own.local_addr().unwrap().port();
        listen(own, &heard);
        for usual in USUAL {
            if let Ok(listener) = TcpListener::bind(("127.0.0.1", usual)) {
                listen(listener, &heard);
            }
        }
        if let Ok(listener) = TcpListener::bind(("::1", port)) {
            listen(listener, &heard);
        }
        if let Ok(socket) = UdpSocket::bind(("127.0.0.1", port)) {
            let heard = Arc::clone(&heard);
            std::thread::spawn(move || {
                let mut buffer = [0; 512];
                while let Ok((count, _)) = socket.recv_from(&mut buffer) {
                    heard.lock().unwrap().push(format!("{count} bytes over UDP"));
                }
            });
        }
        Canary { port, heard }
    }

    /// What came so far.
    pub fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

fn listen(listener: TcpListener, heard: &Arc<Mutex<Vec<String>>>) {
    let heard = Arc::clone(heard);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(stream) = stream else { continue };
            // To come is too much already.
            heard.lock().unwrap().push("a connection".to_owned());
            let heard = Arc::clone(&heard);
            std::thread::spawn(move || answer(stream, &heard));
        }
    });
}

fn answer(mut stream: TcpStream, heard: &Mutex<Vec<String>>) {
    let mut request = [0; 1024];
    let count = stream.read(&mut request).unwrap_or(0);
    let request = String::from_utf8_lossy(&request[..count]);
    heard
        .lock()
        .unwrap()
        .extend(request.lines().next().map(str::to_owned));
    let body = "<script>top.pwned = 1</script>";
    let length = body.len();
    let _ = write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nAccess-Control-Allow-Origin: *\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
}
