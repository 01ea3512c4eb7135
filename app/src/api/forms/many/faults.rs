//! Everything that is wrong with a form, to be said at once.

use hub::domain::fault::Fault;

use crate::api::{AppError, guard};

/// What is wrong with a form: one thing at least, in the order of its fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FieldFaults {
    /// What is said by those who say one thing only.
    pub(crate) first: Fault,
    /// What is wrong besides.
    others: Vec<Fault>,
}

impl FieldFaults {
    /// All of these; none if nothing is wrong.
    pub(super) fn of(faults: impl IntoIterator<Item = Fault>) -> Option<Self> {
        let mut faults = faults.into_iter();
        let first = faults.next()?;
        Some(Self { first, others: faults.collect() })
    }

    /// All of it.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Fault> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// The same with what else is wrong.
    pub(super) fn with(mut self, more: Option<Fault>) -> Self {
        self.others.extend(more);
        self
    }

    /// The answer of a server function, which has room for one fault.
    pub(crate) fn refuse(self) -> AppError {
        guard::refuse(self.first)
    }
}

impl From<Fault> for FieldFaults {
    fn from(first: Fault) -> Self {
        Self { first, others: Vec::new() }
    }
}
