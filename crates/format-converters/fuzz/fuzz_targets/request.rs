//! Whatever is read as a request of any format can be read again in each format that it can be written in.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rotator_format_converters::{Asked, Losses, ModelTable, Operation, Writing, operation};
use rotator_format_converters_fuzz::{formats, memory};

fuzz_target!(|data: &[u8]| {
    let models = ModelTable::default();
    for source in formats() {
        // Gemini's path says the model.
        for model in [None, Some("model".to_owned())] {
            let asked = Asked { model, ..Asked::default() };
            let Ok(mut request) = memory::bounded(data.len(), || source.read_request(&asked, data)) else { continue };
            request.name_calls();
            for target in formats() {
                let mut writing = Writing { models: &models, losses: Losses::default() };
                // Not every format can count tokens, or count those of every request.
                let _ = target.write_count(&request, &mut writing);
                let Ok(call) = target.write_request(&request, &mut writing) else { continue };
                let asked = operation(target.format(), &call.method, &call.path, call.query.as_deref());
                let Operation::Converse(asked) = asked else { panic!("{} is no conversation", call.path) };
                let again = target.read_request(&asked, &call.body);
                let body = || String::from_utf8_lossy(&call.body);
                assert!(again.is_ok(), "{:?} -> {:?}: {again:?}: {}", source.format(), target.format(), body());
            }
        }
    }
});
