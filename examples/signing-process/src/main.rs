//! The process that holds the private keys: `signing-process SOCKET [FOLDER]`. Without a folder they end with it.

mod keys;

use std::error::Error;
use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use signing_process::protocol::{self, Answer, Request};
use tokio::net::{UnixListener, UnixStream};

use keys::Keys;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let socket = arguments.next().ok_or("usage: signing-process SOCKET [FOLDER]")?;
    let keys = Arc::new(Keys::open(arguments.next())?);
    let listener = listen(&socket)?;
    writeln!(io::stdout(), "{} keys, on {}", keys.count(), socket.display())?;
    loop {
        let (connection, _) = listener.accept().await?;
        tokio::spawn(serve(connection, Arc::clone(&keys)));
    }
}

/// Takes over the socket of a process that is gone, never that of one that answers. Only this user and its group may
/// connect; the folder that the socket is in should say so too.
fn listen(socket: &Path) -> io::Result<UnixListener> {
    if std::os::unix::net::UnixStream::connect(socket).is_ok() {
        return Err(io::Error::new(io::ErrorKind::AddrInUse, "another process listens there"));
    }
    if let Err(error) = fs::remove_file(socket)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error);
    }
    let listener = UnixListener::bind(socket)?;
    fs::set_permissions(socket, Permissions::from_mode(0o660))?;
    Ok(listener)
}

/// One request behind the other, until the peer goes or says something that is no request.
async fn serve(mut connection: UnixStream, keys: Arc<Keys>) {
    while let Ok(Some(body)) = protocol::read(&mut connection).await {
        let Some(request) = Request::decode(&body) else { return };
        let answer = answer(&keys, request).unwrap_or_else(Answer::Refused);
        if protocol::write(&mut connection, &answer.encode()).await.is_err() {
            return;
        }
    }
}

fn answer(keys: &Keys, request: Request<'_>) -> Result<Answer, String> {
    Ok(match request {
        Request::Create { algorithm } => {
            let (key, public) = keys.create(algorithm)?;
            // A name that no key set knows, long after, is of a server that died before it could store it.
            let _ = writeln!(io::stdout(), "made {key}");
            Answer::Created { key, public }
        }
        Request::Sign { key, algorithm, message } => Answer::Signed(keys.sign(key, algorithm, message)?),
        Request::Delete { key } => {
            keys.delete(key)?;
            let _ = writeln!(io::stdout(), "deleted {key}");
            Answer::Deleted
        }
    })
}
