//! What the end-to-end tests share: the real binaries, started on free loopback ports in temporary
//! folders, and waits for a state instead of sleeps.
