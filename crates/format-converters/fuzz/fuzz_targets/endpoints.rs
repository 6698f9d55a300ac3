//! Whatever is read as a list of models, a count of tokens or embeddings can be read again in each format that has them.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rotator_format_converters::{Asked, Losses, ModelTable, Operation, WireFormat, Writing, ir, operation};
use rotator_format_converters_fuzz::{formats, memory};

fuzz_target!(|data: &[u8]| {
    for source in formats() {
        models(source, data);
        counts(source, data);
        embeddings(source, data);
    }
});

fn models(source: &dyn WireFormat, data: &[u8]) {
    if let Ok(page) = memory::bounded(data.len(), || source.read_models(data)) {
        for target in formats() {
            let again = target.read_models(&target.write_models(&page));
            assert_eq!(again.map(|again| again.models.len()), Ok(page.models.len()), "{:?}", target.format());
        }
    }
    if let Ok(model) = memory::bounded(data.len(), || source.read_model(data)) {
        for target in formats() {
            let again = target.read_model(&target.write_model(&model));
            assert!(again.is_ok(), "{:?}: {again:?}", target.format());
            let call = target.models_call(Some(&model.id));
            let asked = operation(target.format(), &call.method, &call.path, call.query.as_deref());
            let is_shown = matches!(&asked, Operation::ShowModel(_)) || model.id.is_empty();
            assert!(is_shown, "{:?}: {} is {asked:?}", target.format(), call.path);
        }
    }
}

fn counts(source: &dyn WireFormat, data: &[u8]) {
    let Ok(counted) = memory::bounded(data.len(), || source.read_count(data)) else { return };
    for target in formats() {
        let again = target.read_count(&target.write_counted(counted));
        assert_eq!(again.map(|again| again.input), Ok(counted.input), "{:?}", target.format());
    }
}

fn embeddings(source: &dyn WireFormat, data: &[u8]) {
    let models = ModelTable::default();
    for is_batch in [false, true] {
        let asked = Asked { model: Some("model".to_owned()), is_batch, ..Asked::default() };
        let Ok(request) = memory::bounded(data.len(), || source.read_embedding(&asked, data)) else { continue };
        for target in formats() {
            let mut writing = Writing { models: &models, losses: Losses::default() };
            let Ok(Some(call)) = target.write_embedding(&request, &mut writing) else { continue };
            let asked = operation(target.format(), &call.method, &call.path, call.query.as_deref());
            let Operation::Embed(asked) = asked else { panic!("{} is no embedding", call.path) };
            let again = target.read_embedding(&asked, &call.body);
            let inputs = again.map(|again| again.inputs.len());
            assert_eq!(inputs, Ok(request.inputs.len()), "{:?}", target.format());
        }
    }
    let Ok(response) = memory::bounded(data.len(), || source.read_embedded(data)) else { return };
    for (target, is_batch) in formats().flat_map(|target| [(target, false), (target, true)]) {
        let request = ir::EmbeddingRequest { is_batch, ..ir::EmbeddingRequest::default() };
        if let Ok(body) = target.write_embedded(&response, &request) {
            let again = target.read_embedded(&body);
            assert!(again.is_ok(), "{:?}: {again:?}: {}", target.format(), String::from_utf8_lossy(&body));
        }
    }
}
