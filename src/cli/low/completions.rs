//! What was typed of `tine completions`.
//! It does not know what any shell wants.

use clap::Args;
use clap_complete::Shell;

/// A script that lets a shell complete what you type of tine
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  bash:        tine completions bash > ~/.local/share/bash-completion/completions/tine
  zsh:         tine completions zsh > _tine      in a folder that is in $fpath
  fish:        tine completions fish > ~/.config/fish/completions/tine.fish
  elvish:      tine completions elvish >> ~/.config/elvish/rc.elv
  powershell:  tine completions powershell >> $PROFILE")]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub(crate) shell: Shell,
}
