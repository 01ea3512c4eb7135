//! The prices' page in English.

use crate::text::PriceImport;
#[cfg(feature = "ssr")]
use crate::text::Prices;

/// Its words.
#[cfg(feature = "ssr")]
pub(super) const PRICES: Prices = Prices {
    new: "New price",
    model: "Model",
    per_million: "USD per million tokens",
    input: "Input",
    output: "Output",
    write_5m: "Cache write, 5 min",
    write_1h: "Cache write, 1 h",
    read: "Cache read",
    delete_what: "Calls of this model are then charged at the cautious default. Recorded costs stay.",
    model_help: "As clients ask for it. A dated name falls back to the undated one.",
    overwrites: "Saving makes it yours: neither a new release nor a price file changes it any more.",
    derived: "derived",
    rules: "More rules",
    rules_help: "As JSON: tiers, speeds, regions, service_tiers, tools, request, cache_factors, context_window, max_output, more.",
    history_lead: "Every price it ever had, newest first. Recorded calls name the version they were charged by.",
    delete_title: |model| format!("Delete the price of {model}?"),
    edit_title: |model| format!("Price of {model}"),
    history_title: |model| format!("Prices of {model}"),
};

/// The words of price files.
pub(super) const IMPORT: PriceImport = PriceImport {
    import: "Import",
    import_lead: "Sets prices from a file in LiteLLM's form. What you have set or deleted by hand stays.",
    import_file: "Price file",
    import_choose: "Choose a file above, or paste its text here.",
    import_run: "Import",
    import_preview: "Preview",
    import_running: "Reading…",
    import_too_large: "This file is too large for a form. Send it to POST /admin/v1/prices/import.",
    sync_title: "From the address in the settings",
    sync_lead: "Reads the file that the setting prices_url names, as the hub does by itself at times.",
    sync_look: "Compare",
    sync_run: "Sync",
};
