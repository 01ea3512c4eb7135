//! All the SQL. One file per noun; statements are constants, so that a test can prepare each of them.

