//! The engine's state as words of 64 bits: one form for snapshots and for the evidence hash.
//!
//! Fractions are written as their bits, so what is read back is bit-equal. A reader trusts nothing: it
//! ends with an error where words are missing, left over, or stand for something impossible.

use std::collections::BTreeMap;

/// Why words are no state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadState {
    /// The word at which it was noticed, counted from 0.
    pub at: usize,
    /// What should have stood there.
    pub expected: &'static str,
}

impl std::fmt::Display for BadState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "word {} of the state is not {}", self.at, self.expected)
    }
}

impl std::error::Error for BadState {}

/// A part of the engine that can be written down and read back, bit by bit.
pub trait Persist: Sized {
    /// Writes the whole state.
    fn write(&self, out: &mut StateWriter);

    /// Reads what `write` wrote.
    ///
    /// # Errors
    /// Where the words stand for no state of this kind.
    fn read(from: &mut StateReader<'_>) -> Result<Self, BadState>;
}

/// Takes words.
#[derive(Debug, Default, Clone)]
pub struct StateWriter {
    words: Vec<u64>,
}

impl StateWriter {
    /// A whole number.
    pub fn number(&mut self, value: u64) {
        self.words.push(value);
    }

    /// A fraction, by its bits.
    pub fn fraction(&mut self, value: f64) {
        self.words.push(value.to_bits());
    }

    /// Fractions whose number the reader knows.
    pub fn fractions(&mut self, values: &[f64]) {
        values.iter().for_each(|value| self.fraction(*value));
    }

    /// Yes or no.
    pub fn flag(&mut self, value: bool) {
        self.words.push(u64::from(value));
    }

    /// A text: its length in bytes, then its bytes, eight a word.
    pub fn text(&mut self, value: &str) {
        self.number(value.len() as u64);
        for chunk in value.as_bytes().chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.number(u64::from_be_bytes(word));
        }
    }

    /// A value that may be missing.
    pub fn option<T>(&mut self, value: Option<&T>, write: impl FnOnce(&T, &mut StateWriter)) {
        self.flag(value.is_some());
        if let Some(value) = value {
            write(value, self);
        }
    }

    /// Values in a row: their number first.
    pub fn list<T>(
        &mut self,
        values: impl ExactSizeIterator<Item = T>,
        mut write: impl FnMut(T, &mut StateWriter),
    ) {
        self.number(values.len() as u64);
        values.for_each(|value| write(value, self));
    }

    /// What was written.
    pub fn into_words(self) -> Vec<u64> {
        self.words
    }

    /// What was written so far.
    pub fn words(&self) -> &[u64] {
        &self.words
    }
}

/// Gives words back.
#[derive(Debug)]
pub struct StateReader<'a> {
    words: &'a [u64],
    at: usize,
}

impl<'a> StateReader<'a> {
    /// Reads from the first word on.
    pub fn new(words: &'a [u64]) -> StateReader<'a> {
        StateReader { words, at: 0 }
    }

    /// An error about the word that was read last.
    pub fn bad(&self, expected: &'static str) -> BadState {
        BadState { at: self.at.saturating_sub(1), expected }
    }

    /// A whole number.
    ///
    /// # Errors
    /// Where no word is left.
    pub fn number(&mut self) -> Result<u64, BadState> {
        let word = *self.words.get(self.at).ok_or(BadState { at: self.at, expected: "there" })?;
        self.at += 1;
        Ok(word)
    }

    /// A fraction that may be infinite, and is a number.
    ///
    /// # Errors
    /// Where no word is left, or it is not a number.
    pub fn fraction(&mut self) -> Result<f64, BadState> {
        let value = f64::from_bits(self.number()?);
        if value.is_nan() { Err(self.bad("a number")) } else { Ok(value) }
    }

    /// Fractions, as many as are asked for.
    ///
    /// # Errors
    /// Where words are missing, or one is not a number.
    pub fn fractions<const N: usize>(&mut self) -> Result<[f64; N], BadState> {
        let mut values = [0.0; N];
        for value in &mut values {
            *value = self.fraction()?;
        }
        Ok(values)
    }

    /// Fractions that are not infinite, as many as are asked for.
    ///
    /// # Errors
    /// Where words are missing, or one is not a finite number.
    pub fn finite<const N: usize>(&mut self) -> Result<[f64; N], BadState> {
        let values = self.fractions::<N>()?;
        if values.iter().all(|value| value.is_finite()) { Ok(values) } else { Err(self.bad("finite")) }
    }

    /// A whole number of 32 bits.
    ///
    /// # Errors
    /// Where no word is left, or it is larger.
    pub fn small(&mut self) -> Result<u32, BadState> {
        let value = self.number()?;
        u32::try_from(value).map_err(|_| self.bad("a number of 32 bits"))
    }

    /// Yes or no.
    ///
    /// # Errors
    /// Where no word is left, or it is neither.
    pub fn flag(&mut self) -> Result<bool, BadState> {
        match self.number()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.bad("yes or no")),
        }
    }

    /// A count that fits into `limit`.
    ///
    /// # Errors
    /// Where no word is left, or it is above the limit.
    pub fn count(&mut self, limit: usize) -> Result<usize, BadState> {
        let value = self.number()?;
        usize::try_from(value)
            .ok()
            .filter(|count| *count <= limit)
            .ok_or_else(|| self.bad("a count in bounds"))
    }

    /// A text.
    ///
    /// # Errors
    /// Where words are missing, or they are no text.
    pub fn text(&mut self) -> Result<String, BadState> {
        let length = self.count(self.words.len().saturating_mul(8))?;
        let mut bytes = Vec::with_capacity(length);
        while bytes.len() < length {
            bytes.extend_from_slice(&self.number()?.to_be_bytes());
        }
        bytes.truncate(length);
        String::from_utf8(bytes).map_err(|_| self.bad("a text"))
    }

    /// A value that may be missing.
    ///
    /// # Errors
    /// As the value's.
    pub fn option<T>(
        &mut self,
        read: impl FnOnce(&mut StateReader<'a>) -> Result<T, BadState>,
    ) -> Result<Option<T>, BadState> {
        if self.flag()? { read(self).map(Some) } else { Ok(None) }
    }

    /// Values in a row.
    ///
    /// # Errors
    /// As the values', and where there are more than `limit`.
    pub fn list<T>(
        &mut self,
        limit: usize,
        mut read: impl FnMut(&mut StateReader<'a>) -> Result<T, BadState>,
    ) -> Result<Vec<T>, BadState> {
        let length = self.count(limit)?;
        (0..length).map(|_| read(self)).collect()
    }

    /// Pairs in a row, as a map; the keys rise.
    ///
    /// # Errors
    /// As the pairs', where there are more than `limit`, and where a key does not rise.
    pub fn map<K: Ord, V>(
        &mut self,
        limit: usize,
        read: impl FnMut(&mut StateReader<'a>) -> Result<(K, V), BadState>,
    ) -> Result<BTreeMap<K, V>, BadState> {
        let pairs = self.list(limit, read)?;
        if pairs.windows(2).any(|pair| pair[0].0 >= pair[1].0) {
            return Err(self.bad("a rising key"));
        }
        Ok(pairs.into_iter().collect())
    }

    /// Nothing is left.
    ///
    /// # Errors
    /// Where words are left over.
    pub fn end(self) -> Result<(), BadState> {
        if self.at == self.words.len() { Ok(()) } else { Err(BadState { at: self.at, expected: "the end" }) }
    }
}
