//! A method's accessor belongs to the type; a private one stays private.

use std::io::Result;

use breaker_runtime::circuit_breaker;

mod client {
    use super::*;

    pub struct Client;

    impl Client {
        #[circuit_breaker]
        pub fn get(&self) -> Result<u32> {
            get_breaker();
            Ok(1)
        }

        #[circuit_breaker]
        fn private(&self) -> Result<u32> {
            Ok(1)
        }
    }
}

fn main() {
    let _ = client::Client::get_breaker();
    let _ = client::Client::private_breaker();
}
