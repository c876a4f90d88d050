//! Every state, breadth first, each with the shortest way to it; then, backwards, which of them can end.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::key::{Key, key};
use crate::moves::nexts;
use crate::properties::wrong;
use crate::state::{Fixed, State};

/// What a search came to.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) states: usize,
    pub(crate) ends: usize,
    /// Nothing was new any more.
    pub(crate) closed: bool,
    pub(crate) wrong: Option<String>,
    /// How it came there.
    pub(crate) way: Vec<String>,
}

impl Found {
    pub(crate) fn verdict(&self) -> String {
        match &self.wrong {
            Some(wrong) => format!("after {} moves: {wrong}", self.way.len()),
            None if self.closed => format!("closed, {} ends", self.ends),
            None => "did not close".to_owned(),
        }
    }

    pub(crate) fn told(&self) -> String {
        format!("{}\n  {}", self.verdict(), self.way.join("\n  "))
    }
}

/// Goes through all states, until one is wrong or none is new.
pub(crate) fn explore((first, fixed): (State, Arc<Fixed>), most: usize) -> Found {
    let mut known: HashMap<Key, u32> = HashMap::new();
    let mut open: VecDeque<State> = VecDeque::from([first.clone()]);
    // How each state was reached first: from where, and by which of the moves there.
    let mut parents: Vec<(u32, u16)> = vec![(0, 0)];
    let mut edges: Vec<(u32, u32)> = Vec::new();
    let mut ends: Vec<u32> = Vec::new();
    known.insert(key(&first), 0);
    let mut here: u32 = 0;
    while let Some(state) = open.pop_front() {
        if let Some(wrong) = wrong(&state, &fixed) {
            let way = way(&first, &fixed, &parents, here);
            let wrong = Some(wrong.to_owned());
            return Found { states: known.len(), ends: ends.len(), closed: false, wrong, way };
        }
        ends.extend(state.ended().then_some(here));
        for (index, (_, next)) in nexts(&state, &fixed, false).into_iter().enumerate() {
            let new = u32::try_from(parents.len()).unwrap();
            let place = *known.entry(key(&next)).or_insert_with(|| {
                open.push_back(next);
                parents.push((here, u16::try_from(index).unwrap()));
                new
            });
            edges.push((place, here));
        }
        if known.len() > most {
            return Found { states: known.len(), ends: 0, closed: false, wrong: None, way: Vec::new() };
        }
        here += 1;
    }
    let stuck = stuck(known.len(), &ends, edges);
    Found {
        states: known.len(),
        ends: ends.len(),
        closed: true,
        wrong: stuck.map(|_| "no end can be reached from here".to_owned()),
        way: stuck.map(|at| way(&first, &fixed, &parents, at)).unwrap_or_default(),
    }
}

/// A state from which no end can be reached.
fn stuck(states: usize, ends: &[u32], mut edges: Vec<(u32, u32)>) -> Option<u32> {
    edges.sort_unstable();
    let mut reached = vec![false; states];
    let mut open: Vec<u32> = ends.to_vec();
    ends.iter().for_each(|end| reached[*end as usize] = true);
    while let Some(to) = open.pop() {
        let from = edges.partition_point(|edge| edge.0 < to);
        for (_, before) in edges[from..].iter().take_while(|edge| edge.0 == to) {
            if !std::mem::replace(&mut reached[*before as usize], true) {
                open.push(*before);
            }
        }
    }
    reached.iter().position(|reached| !reached).map(|at| at as u32)
}

/// The moves that lead to a state, in words.
fn way(first: &State, fixed: &Fixed, parents: &[(u32, u16)], mut at: u32) -> Vec<String> {
    let mut turns = Vec::new();
    while at != 0 {
        let (before, index) = parents[at as usize];
        turns.push(index);
        at = before;
    }
    let mut state = first.clone();
    let mut way = Vec::new();
    for index in turns.into_iter().rev() {
        let (what, next) = nexts(&state, fixed, true).swap_remove(usize::from(index));
        way.push(what);
        state = next;
    }
    way
}
