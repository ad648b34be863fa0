//! `accounts.*.csv`, one transaction a row, and `account_table.csv`, one account a row.
//! It does not know files.

use std::io::{self, Write};

use crate::accounts::Accounts;
use crate::recipe::{Recipe, Subject};

/// Writes the transactions of file number `file`.
pub(crate) fn transactions(recipe: Recipe, file: u32, out: &mut impl Write) -> io::Result<()> {
    let accounts = accounts(recipe);
    let mut random = recipe.random(Subject::Tables, file);
    let (mut whole, mut amount_text) = (itoa::Buffer::new(), itoa::Buffer::new());
    out.write_all(b"id,names,amount\n")?;
    for _ in 0..recipe.sizes().csv_rows {
        let (id, amount) = accounts.entry(&mut random);
        out.write_all(whole.format(id).as_bytes())?;
        out.write_all(b",")?;
        out.write_all(accounts.people[id].name.as_bytes())?;
        out.write_all(b",")?;
        out.write_all(amount_text.format(amount).as_bytes())?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// Writes the accounts that the transactions are of.
pub(crate) fn table(recipe: Recipe, out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"id,names,wealth\n")?;
    for (id, person) in accounts(recipe).people.iter().enumerate() {
        // A floating number shows its point: `12.0`.
        writeln!(out, "{id},{},{:?}", person.name, (person.wealth * 1e3).round() / 1e3)?;
    }
    Ok(())
}

fn accounts(recipe: Recipe) -> Accounts {
    Accounts::new(recipe.random(Subject::TableParameters, 0))
}
