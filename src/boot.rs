//! Start order and stop order, mirrored.
