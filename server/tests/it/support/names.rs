use std::collections::HashMap;
use std::sync::Mutex;

use async_trait::async_trait;
use grantor_outbound::TxtRecords;

type Answered = Result<Vec<Vec<u8>>, String>;

/// The TXT records of the tests' world.
#[derive(Default)]
pub struct Names(Mutex<HashMap<String, Answered>>);

impl Names {
    /// A name has these TXT records, and no others, from now on.
    pub fn publish(&self, name: &str, values: &[&str]) {
        let values = values.iter().map(|value| value.as_bytes().to_vec()).collect();
        self.0.lock().unwrap().insert(name.to_owned(), Ok(values));
    }

    /// Nobody answers for a name from now on.
    pub fn silence(&self, name: &str) {
        self.0.lock().unwrap().insert(name.to_owned(), Err("SERVFAIL from 192.0.2.53".to_owned()));
    }
}

#[async_trait]
impl TxtRecords for Names {
    async fn txt(&self, name: &str) -> Answered {
        self.0.lock().unwrap().get(name).cloned().unwrap_or_else(|| Ok(vec![]))
    }
}
