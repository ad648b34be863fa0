//! `accounts.*.json.gz`: one account a line, with its transactions, compressed.
//! It does not know files.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::accounts::{ACCOUNTS, Accounts};
use crate::recipe::{Recipe, Subject};

/// Writes file number `file`. An account without transactions in a file has no line in it.
pub(crate) fn lines(recipe: Recipe, file: u32, out: &mut impl Write) -> io::Result<()> {
    let accounts = Accounts::new(recipe.random(Subject::JsonParameters, 0));
    let mut random = recipe.random(Subject::Json, file);
    let mut of_account = vec![Vec::new(); ACCOUNTS];
    for transaction in 0..recipe.sizes().json_rows {
        let (id, amount) = accounts.entry(&mut random);
        of_account[id].push((transaction, amount));
    }
    // The header has neither name nor time: the same data are the same bytes.
    let mut out = GzEncoder::new(out, Compression::new(6));
    let mut line = Vec::new();
    for (id, transactions) in of_account.iter().enumerate().filter(|(_, t)| !t.is_empty()) {
        line.clear();
        write!(line, r#"{{"id": {id}, "name": "{}", "transactions": ["#, accounts.people[id].name)?;
        for (i, (transaction, amount)) in transactions.iter().enumerate() {
            let comma = if i == 0 { "" } else { ", " };
            write!(line, r#"{comma}{{"transaction-id": {transaction}, "amount": {amount}}}"#)?;
        }
        line.extend_from_slice(b"]}\n");
        out.write_all(&line)?;
    }
    out.finish().map(drop)
}
