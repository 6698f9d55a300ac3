//! Calls of the client's tools.

use bytes::BytesMut;

use super::super::block::Call;
use super::super::event::Body;
use super::super::response::call_item;
use super::super::wire::prefix;
use super::{Writer, to_json};
use crate::custom_tools;

// === impl Writer ===

impl Writer {
    pub(super) fn start_call(&mut self, call: &mut Call, out: &mut BytesMut) {
        let prefix = if call.is_custom { prefix::CUSTOM } else { prefix::FUNCTION };
        let (index, id) = self.start_item(prefix, out);
        call.call_id = self.telling.ids.or_mint(&call.call_id, prefix::CALL);
        let item = to_json(&call_item(&id, &call.call_id, &call.name, "", call.is_custom, false));
        self.emit("response.output_item.added", &Body::Item { output_index: index, item: &item }, out);
        call.place = Some((index, id));
    }

    pub(super) fn extend_call(&mut self, call: &mut Call, delta: &str, out: &mut BytesMut) {
        call.input.push_str(delta);
        if !call.is_wrapped {
            self.input(call, delta, out);
        }
    }

    fn input(&mut self, call: &Call, delta: &str, out: &mut BytesMut) {
        let Some((output_index, item_id)) = &call.place else { return };
        let body = Body::InputDelta { item_id, output_index: *output_index, delta };
        let name = if call.is_custom {
            "response.custom_tool_call_input.delta"
        } else {
            "response.function_call_arguments.delta"
        };
        self.emitter.emit(name, &body, out);
    }

    pub(super) fn end_call(&mut self, mut call: Call, out: &mut BytesMut) {
        if call.is_wrapped {
            if let Some(text) = custom_tools::unwrapped(&call.input) {
                call.input = text;
            }
            self.input(&call, &call.input, out);
        } else if call.input.is_empty() && !call.is_custom {
            call.input.push_str("{}");
            self.input(&call, &call.input, out);
        }
        let Some((output_index, item_id)) = call.place.take() else { return };
        if call.is_custom {
            let body = Body::InputDone { item_id: &item_id, output_index, input: &call.input };
            self.emitter.emit("response.custom_tool_call_input.done", &body, out);
        } else {
            let (name, arguments) = (&call.name, &call.input);
            let body = Body::ArgumentsDone { item_id: &item_id, output_index, name, arguments };
            self.emitter.emit("response.function_call_arguments.done", &body, out);
        }
        let item = to_json(&call_item(&item_id, &call.call_id, &call.name, &call.input, call.is_custom, true));
        self.end_item(output_index, item, out);
    }
}
