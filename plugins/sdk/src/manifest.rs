//! What a plugin says of itself, put together in one expression.

use crate::{Manifest, Need, NeedKind};

impl Manifest {
    /// A manifest of a plugin: its name, its version and what a pass proves.
    pub fn new(name: &str, version: &str, proves: &str) -> Manifest {
        Manifest {
            name: name.to_owned(),
            version: version.to_owned(),
            proves: proves.to_owned(),
            blind_spots: Vec::new(),
            needs: Vec::new(),
            measures: Vec::new(),
            settings_schema: String::new(),
        }
    }

    /// What a pass does not prove, in one sentence. Printed with the verdict.
    #[must_use]
    pub fn blind_spot(mut self, sentence: &str) -> Manifest {
        self.blind_spots.push(sentence.to_owned());
        self
    }

    /// The settings key that names an HTTP target.
    #[must_use]
    pub fn needs_http(self, setting: &str) -> Manifest {
        self.needs(setting, NeedKind::Http, true)
    }

    /// The settings key that may name an HTTP target.
    #[must_use]
    pub fn may_need_http(self, setting: &str) -> Manifest {
        self.needs(setting, NeedKind::Http, false)
    }

    /// The settings key that names a database.
    #[must_use]
    pub fn needs_sql(self, setting: &str) -> Manifest {
        self.needs(setting, NeedKind::Sql, true)
    }

    fn needs(mut self, setting: &str, kind: NeedKind, required: bool) -> Manifest {
        self.needs.push(Need { setting: setting.to_owned(), kind, required });
        self
    }

    /// A measure that the plugin reports.
    #[must_use]
    pub fn measure(mut self, name: &str) -> Manifest {
        self.measures.push(name.to_owned());
        self
    }

    /// The JSON Schema of the settings.
    #[must_use]
    pub fn settings_schema(mut self, schema: &str) -> Manifest {
        self.settings_schema = schema.to_owned();
        self
    }
}
