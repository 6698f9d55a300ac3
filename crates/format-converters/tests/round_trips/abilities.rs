//! What each format can say, and what becomes of what it cannot.

use rotator_domain::Format;
use rotator_format_converters::LEAST_BUDGET;
use rotator_format_converters::ir::{Effort, Part, PartKind, Request, Role, Thinking, ThinkingMode, ToolChoice, Turn};

use crate::facts::Fact;

/// What becomes of something that a format cannot say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Otherwise {
    /// It is left out, under one of these names.
    Named(&'static [&'static str]),
    /// It is left out, under its own name.
    NamedAsItself,
    /// It is said as this.
    As(Concept),
    /// It is said in another shape; what it says is another concept's.
    Reshaped,
    /// The request is refused.
    Refused,
}

macro_rules! concepts {
    ($($concept:ident $chat:literal $responses:literal $anthropic:literal $gemini:literal $otherwise:expr;)*) => {
        /// Something that a request may say.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Concept { $($concept),* }

        impl Concept {
            /// All of them.
            pub(crate) const ALL: &[Self] = &[$(Self::$concept),*];

            /// Which of the formats can say it to another one's upstream: Chat Completions, Responses, Messages, Gemini.
            const fn said_by(self) -> [u8; 4] {
                match self { $(Self::$concept => [$chat, $responses, $anthropic, $gemini]),* }
            }

            /// What becomes of it where a format cannot.
            pub(crate) const fn otherwise(self) -> Otherwise {
                use Otherwise::{As, Named, NamedAsItself, Refused, Reshaped};
                match self { $(Self::$concept => $otherwise),* }
            }
        }
    };
}

concepts! {
    // Concept       C R A G
    Text             1 1 1 1 Refused;
    Instruction      1 1 1 1 Named(&["system"]);
    LateInstruction  1 1 0 0 Named(&["late_system"]);
    UsersText        1 1 1 1 Refused;
    ModelsText       1 1 1 1 Refused;
    Refusal          1 1 0 0 As(Concept::Text);
    Name             0 0 0 0 Named(&["name"]);
    Image            1 1 1 1 Refused;
    Detail           1 1 0 0 Named(&["detail"]);
    ImageInResult    0 1 1 0 As(Concept::Image);
    Document         1 1 1 1 Refused;
    DocumentAtUrl    0 1 1 1 Refused;
    DocumentName     1 1 1 0 Named(&["filename"]);
    // Documents in words are texts in Chat Completions, those at a URL have no name in Responses.
    OtherName        0 0 1 0 Named(&["filename"]);
    Audio            1 0 0 1 Refused;
    Tool             1 1 1 1 Refused;
    Schema           1 1 1 1 Refused;
    Strict           1 1 1 0 Named(&["strict"]);
    CustomTool       0 1 0 0 As(Concept::Tool);
    Grammar          0 1 0 0 Named(&["grammar"]);
    Choice           1 1 1 1 Named(&["tool_choice"]);
    OneCallAtATime   1 1 1 0 Named(&["parallel_tool_calls"]);
    Call             1 1 1 1 Refused;
    CustomCall       0 1 0 0 As(Concept::Call);
    Result           1 1 1 1 Refused;
    ResultInParts    1 1 1 0 Reshaped;
    Failure          1 1 1 1 Refused;
    // Of the issuer's own there is a signature beside it; without one R and A take none.
    Reasoning        1 0 0 1 Named(&["reasoning"]);
    Signature        0 0 0 0 Named(&["reasoning"]);
    // A asks for it in words.
    JsonObject       1 1 0 1 Reshaped;
    AnswerSchema     1 1 1 1 Named(&["response_format"]);
    AnswerSchemaFor  1 1 0 0 Named(&["response_format.description"]);
    Stop             1 0 1 1 Named(&["stop"]);
    Temperature      1 1 1 1 Named(&["temperature"]);
    TopP             1 1 1 1 Named(&["top_p"]);
    TopK             0 0 1 1 Named(&["top_k"]);
    Presence         1 0 0 1 Named(&["presence_penalty"]);
    Frequency        1 0 0 1 Named(&["frequency_penalty"]);
    Seed             1 0 0 1 Named(&["seed"]);
    MaxTokens        1 1 1 1 Named(&["max_tokens"]);
    // Which effort stands for which budget, and which of them a model knows, is no loss; whether it thinks is one.
    Effort           1 1 0 0 Reshaped;
    Budget           0 0 1 1 Reshaped;
    Thinks           1 1 1 1 Named(&["reasoning_effort"]);
    ThinksNot        0 0 1 1 Named(&["reasoning_effort"]);
    CacheMark        0 0 0 0 Named(&["cache_control"]);
    CacheTime        0 0 0 0 Named(&["cache_control"]);
    CacheKey         1 1 0 0 Named(&["prompt_cache_key"]);
    CacheRetention   1 1 0 0 Named(&["prompt_cache_retention"]);
    User             1 1 1 0 Named(&["user"]);
    Metadata         0 0 0 0 Named(&["metadata"]);
    Tier             1 1 1 1 Named(&["service_tier"]);
    Verbosity        1 1 0 0 Named(&["verbosity"]);
    SeveralAnswers   1 0 0 1 Refused;
    LogProbs         1 1 0 1 Named(&["top_logprobs"]);
    Store            0 0 0 0 Named(&["store"]);
    Extra            0 0 0 0 NamedAsItself;
}

/// What a format's abilities depend on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Circumstances<'a> {
    pub(crate) request: &'a Request,
}

// === impl Concept ===

impl Concept {
    /// Whether a format has a word for it.
    pub(crate) fn is_said_by(self, format: Format) -> bool {
        let place = crate::FORMATS.iter().position(|own| *own == format);
        place.is_some_and(|place| self.said_by()[place] == 1)
    }

    /// Whether no two formats share a word for it.
    pub(crate) fn is_of_one_format(self) -> bool {
        self.said_by().iter().sum::<u8>() < 2
    }

    /// Whether it has its place in the conversation.
    pub(crate) fn is_ordered(self) -> bool {
        matches!(self, Self::Text | Self::Call | Self::Result)
    }
}

// === impl Circumstances ===

impl Circumstances<'_> {
    /// Whether a format can say it, of all that it has a word for.
    pub(crate) fn can_say(self, format: Format, fact: &Fact) -> bool {
        let number = || fact.value.parse::<f64>().unwrap_or_default();
        let is_in_the_way = match (format, fact.concept) {
            // There is no temperature beyond 1, and a model that thinks takes none, nor a nucleus.
            (Format::Anthropic, Concept::Temperature) => number() > 1.0 || self.request.thinking.is_some(),
            (Format::Anthropic, Concept::TopP | Concept::TopK) => self.request.thinking.is_some(),
            (Format::Anthropic, Concept::Thinks | Concept::Budget) => !self.can_think(),
            (Format::Anthropic, Concept::Tier) => fact.value != "Standard",
            (Format::Anthropic, Concept::AnswerSchema) => fact.value.contains("minimum"),
            (Format::Anthropic, Concept::Stop) => fact.value.trim().is_empty(),
            (Format::OpenAi, Concept::Stop) => self.request.stop.len() > 4,
            (Format::Gemini, Concept::Stop) => self.request.stop.len() > 5,
            (Format::OpenAiResponses, Concept::MaxTokens) => number() < 16.0,
            (Format::OpenAiResponses, Concept::User) => fact.value.chars().count() > 64,
            // There is no effort beyond that of the vendor's models.
            (Format::OpenAi | Format::OpenAiResponses, Concept::Thinks) => self.effort().is_none(),
            _ => false,
        };
        fact.concept.is_said_by(format) && !is_in_the_way
    }

    fn effort(self) -> Option<Effort> {
        let Thinking { effort, budget, .. } = self.request.thinking.as_ref()?;
        effort.or(budget.map(Effort::of_budget)).filter(|effort| *effort <= Effort::High)
    }

    /// Whether a model of Messages may think: within the limit, not made to call a tool, not in the middle of calls.
    fn can_think(self) -> bool {
        let Some(thinking) = &self.request.thinking else { return false };
        let budget = thinking.budget.or(thinking.effort.map(Effort::budget)).unwrap_or(Effort::High.budget());
        // What is said by an effort in between comes back as that effort's budget.
        let budget = budget.max(Effort::of_budget(budget).budget());
        let most = self.request.max_tokens.unwrap_or(8_192);
        let is_forced = match &self.request.tool_choice {
            Some(ToolChoice::Required | ToolChoice::Named(_)) => true,
            Some(ToolChoice::Allowed { is_required, .. }) => *is_required,
            _ => false,
        };
        let is_result = |part: &Part| matches!(part.kind, PartKind::ToolResult(_));
        let is_in_loop = |turn: &Turn| turn.role != Role::Assistant && turn.parts.iter().any(is_result);
        (LEAST_BUDGET..most).contains(&budget)
            && !is_forced
            && !self.request.merged_turns().iter().any(is_in_loop)
            && thinking.mode != ThinkingMode::Disabled
    }
}
