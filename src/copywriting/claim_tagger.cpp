#include "copywriting/claim_tagger.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/json.h"
#include "text/utf8.h"

namespace vitrine::copywriting {
namespace fs = std::filesystem;
namespace {

using generation::EncoderInput;

bool is_one_of(char32_t c, std::u32string_view signs) { return signs.find(c) != signs.npos; }

/// The token behind the last sign of `signs` in tokens first .. end - 1; first when there is none.
size_t last_end(std::u32string_view text, const std::vector<TaggerToken>& tokens, size_t first,
                size_t end, std::u32string_view signs) {
  for (size_t i = end; i > first; --i) {
    if (is_one_of(text[tokens[i - 1].range.begin], signs)) return i;
  }
  return first;
}

/// What a text is for the model.
struct EncodedText {
  std::u32string text;
  std::vector<TaggerToken> tokens;
  std::vector<std::vector<int32_t>> attributes;
  std::vector<TextRange> chunks;  // runs of attributes that fit one pass; one empty run when none
};

/// Softmax over the labels of one token.
std::vector<double> probabilities(std::span<const float> logits) {
  const double top = *std::max_element(logits.begin(), logits.end());
  std::vector<double> probs;
  double sum = 0;
  for (const float logit : logits) sum += probs.emplace_back(std::exp(logit - top));
  for (double& p : probs) p /= sum;
  return probs;
}

void require_tagger(const fs::path& directory) {
  if (!fs::is_directory(directory)) {
    throw NotFound(concat("[ClaimTagger] no model directory ", directory.string()));
  }
  const fs::path path = directory / kManifestName;
  if (!fs::exists(path)) {
    throw Corrupt(concat("[ClaimTagger] ", directory.string(),
                         ": no vitrine.json: not a model that `train tagger` made"));
  }
  const Json manifest = read_json_file(path);
  if (manifest.is_object() && manifest.value("kind", "") == kTaggerModelKind.name) return;
  throw Corrupt(
      concat("[ClaimTagger] ", path.string(), ": kind: expected ", kTaggerModelKind.name));
}

}  // namespace

std::vector<TextRange> token_windows(std::u32string_view text,
                                     const std::vector<TaggerToken>& tokens, size_t budget) {
  std::vector<TextRange> windows;
  for (size_t first = 0; first < tokens.size();) {
    size_t end = std::min(tokens.size(), first + budget);
    if (end < tokens.size()) {
      size_t cut = last_end(text, tokens, first, end, U"。！？!?");
      if (cut == first) cut = last_end(text, tokens, first, end, U"，,；;、");
      if (cut > first) end = cut;
    }
    windows.push_back({first, end});
    first = end;
  }
  return windows;
}

class ClaimTagger::Impl {
 public:
  Impl(const fs::path& model_dir, const ClaimTaggerConfig& config)
      : tokenizer_(text::load_tokenizer(model_dir)),
        encoding_(*tokenizer_),
        encoder_(generation::Encoder::load(model_dir, {config.threads, config.dtype})),
        labels_(TaggerLabels::from_names(encoder_.config().id2label,
                                         (model_dir / "config.json").string())),
        threshold_(config.support_threshold) {
    const int64_t rows = encoder_.config().vocab_size;
    VITRINE_REQUIRE(encoder_.config().type_vocab_size == TaggerEncoding::kTokenTypes,
                    "[ClaimTagger] ", model_dir.string(), ": type_vocab_size: expected ",
                    TaggerEncoding::kTokenTypes, ", got ", encoder_.config().type_vocab_size);
    if (rows == tokenizer_->vocab_size() && encoder_.has_head()) return;
    throw Corrupt(concat("[ClaimTagger] ", model_dir.string(), ": TOK_MISMATCH: the tokenizer has ",
                         tokenizer_->vocab_size(), " tokens, the model ", rows));
  }

  const std::vector<std::string>& keys() const { return labels_.keys(); }

  std::vector<std::vector<TaggedSpan>> tag(std::span<const TaggerText> texts) {
    struct Pass {
      size_t text_idx, first_token;
      std::vector<size_t> positions;
    };
    std::vector<Pass> passes;
    std::vector<EncoderInput> inputs;
    const auto encoded = encode(texts);
    for (size_t i = 0; i < texts.size(); ++i) {
      const EncodedText& one = encoded[i];
      const auto attributes = attributes_of(one, one.chunks.front());
      for (const TextRange window : token_windows(one.text, one.tokens, text_budget(attributes))) {
        TaggerInput input = encoding_.assemble(tokens_in(one, window), std::nullopt, attributes);
        inputs.push_back({std::move(input.input_ids), std::move(input.token_type_ids)});
        passes.push_back({i, window.begin, std::move(input.text_positions)});
      }
    }
    const auto logits = encoder_.logits(inputs);
    std::vector<std::vector<TaggedSpan>> spans(texts.size());
    for (size_t p = 0; p < passes.size(); ++p) {
      const Pass& pass = passes[p];
      const auto& tokens = encoded[pass.text_idx].tokens;
      SpanReader reader(labels_, spans[pass.text_idx]);
      for (size_t i = 0; i < pass.positions.size(); ++i) {
        reader.add(tokens[pass.first_token + i].range, row(logits[p], pass.positions[i]));
      }
    }
    return spans;
  }

  std::vector<std::optional<Support>> supports(std::span<const TaggerText> texts,
                                               std::span<const MarkedSpan> spans) {
    struct Pass {
      size_t span_idx, first_attribute;
      std::vector<size_t> positions;
    };
    std::vector<Pass> passes;
    std::vector<EncoderInput> inputs;
    const auto encoded = encode(texts);
    for (size_t s = 0; s < spans.size(); ++s) {
      const EncodedText& one = text_of(encoded, spans[s], s);
      const auto marked = tokens_of(one.tokens, spans[s].range);
      if (!marked || one.attributes.empty()) continue;
      for (const TextRange chunk : one.chunks) {
        const auto attributes = attributes_of(one, chunk);
        const TextRange window = window_with(one, *marked, text_budget(attributes));
        const TextRange mark{marked->begin - window.begin,
                             std::min(marked->end, window.end) - window.begin};
        TaggerInput input = encoding_.assemble(tokens_in(one, window), mark, attributes);
        inputs.push_back({std::move(input.input_ids), std::move(input.token_type_ids)});
        passes.push_back({s, chunk.begin, std::move(input.attribute_positions)});
      }
    }
    const auto logits = encoder_.logits(inputs);
    std::vector<std::optional<Support>> found(spans.size());
    for (size_t p = 0; p < passes.size(); ++p) {
      for (size_t i = 0; i < passes[p].positions.size(); ++i) {
        const auto probs = probabilities(row(logits[p], passes[p].positions[i]));
        const Support candidate{passes[p].first_attribute + i,
                                probs[static_cast<size_t>(labels_.supports())]};
        auto& best = found[passes[p].span_idx];
        if (candidate.probability < threshold_) continue;
        if (!best || candidate.probability > best->probability) best = candidate;
      }
    }
    return found;
  }

 private:
  /// Joins the best labels of tokens in order to spans; I- without its B- begins a span.
  class SpanReader {
   public:
    SpanReader(const TaggerLabels& labels, std::vector<TaggedSpan>& spans)
        : labels_(labels), spans_(spans) {}
    ~SpanReader() { close(); }
    SpanReader(const SpanReader&) = delete;
    SpanReader& operator=(const SpanReader&) = delete;

    void add(TextRange range, std::span<const float> logits) {
      const auto best = std::max_element(logits.begin(), logits.end() - 1);  // SUPPORTS is last
      const auto label = static_cast<size_t>(best - logits.begin());
      const double probability = probabilities(logits)[label];
      if (label == 0) return close();
      const size_t key_idx = (label - 1) / 2;
      const bool begins = label % 2 == 1 || count_ == 0 || key_idx != key_idx_;
      if (begins) {
        close();
        begin_ = range.begin;
        key_idx_ = key_idx;
      }
      end_ = range.end;
      sum_ += probability;
      ++count_;
    }

   private:
    void close() {
      if (count_ > 0) {
        spans_.push_back({{begin_, end_}, labels_.keys()[key_idx_], sum_ / static_cast<double>(count_)});
      }
      sum_ = 0;
      count_ = 0;
    }

    const TaggerLabels& labels_;
    std::vector<TaggedSpan>& spans_;
    size_t begin_ = 0, end_ = 0, key_idx_ = 0, count_ = 0;
    double sum_ = 0;
  };

  size_t positions() const {
    return static_cast<size_t>(encoder_.config().max_position_embeddings);
  }
  size_t attribute_budget() const { return positions() / 2; }

  size_t text_budget(const std::vector<std::vector<int32_t>>& attributes) const {
    size_t used = TaggerEncoding::kExtraTokens;
    for (const auto& attribute : attributes) used += attribute.size();
    return positions() - used;
  }

  std::span<const float> row(const std::vector<float>& logits, size_t position) const {
    return std::span(logits).subspan(position * labels_.size(), labels_.size());
  }

  std::vector<EncodedText> encode(std::span<const TaggerText> texts) const {
    std::vector<EncodedText> encoded;
    for (size_t i = 0; i < texts.size(); ++i) {
      VITRINE_REQUIRE(text::is_valid_utf8(texts[i].text), "[ClaimTagger] text ", i,
                      ": invalid UTF-8");
      EncodedText& one = encoded.emplace_back();
      one.text = text::to_utf32(texts[i].text);
      one.tokens = encoding_.tokens(one.text);
      for (const auto& attribute : texts[i].attributes) {
        auto ids = encoding_.attribute_tokens(attribute);
        if (ids.size() > attribute_budget()) {  // a value of hundreds of characters: its beginning
          ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(attribute_budget() - 1),
                    ids.end() - 1);
        }
        one.attributes.push_back(std::move(ids));
      }
      one.chunks = chunks_of(one.attributes);
    }
    return encoded;
  }

  std::vector<TextRange> chunks_of(const std::vector<std::vector<int32_t>>& attributes) const {
    std::vector<TextRange> chunks{{0, 0}};
    size_t used = 0;
    for (const auto& attribute : attributes) {
      if (used + attribute.size() > attribute_budget()) {
        chunks.push_back({chunks.back().end, chunks.back().end});
        used = 0;
      }
      used += attribute.size();
      ++chunks.back().end;
    }
    return chunks;
  }

  static std::vector<std::vector<int32_t>> attributes_of(const EncodedText& one, TextRange chunk) {
    return {one.attributes.begin() + static_cast<std::ptrdiff_t>(chunk.begin),
            one.attributes.begin() + static_cast<std::ptrdiff_t>(chunk.end)};
  }
  static std::vector<TaggerToken> tokens_in(const EncodedText& one, TextRange window) {
    return {one.tokens.begin() + static_cast<std::ptrdiff_t>(window.begin),
            one.tokens.begin() + static_cast<std::ptrdiff_t>(window.end)};
  }

  static const EncodedText& text_of(const std::vector<EncodedText>& encoded, const MarkedSpan& span,
                                    size_t span_idx) {
    VITRINE_REQUIRE(span.text_idx < encoded.size(), "[ClaimTagger] span ", span_idx, ": text ",
                    span.text_idx, " of ", encoded.size());
    const EncodedText& one = encoded[span.text_idx];
    VITRINE_REQUIRE(span.range.begin < span.range.end && span.range.end <= one.text.size(),
                    "[ClaimTagger] span ", span_idx, ": expected a span within ", one.text.size(),
                    " code points, got ", span.range.begin, " to ", span.range.end);
    return one;
  }

  /// The window that holds the first marked token.
  static TextRange window_with(const EncodedText& one, TextRange marked, size_t budget) {
    for (const TextRange window : token_windows(one.text, one.tokens, budget)) {
      if (marked.begin < window.end) return window;
    }
    throw InternalError("[ClaimTagger] no window holds the span");
  }

  std::unique_ptr<text::Tokenizer> tokenizer_;
  TaggerEncoding encoding_;
  generation::Encoder encoder_;
  TaggerLabels labels_;
  double threshold_;
};

ClaimTagger ClaimTagger::load(const fs::path& model_dir, const ClaimTaggerConfig& config) {
  require_tagger(model_dir);
  return ClaimTagger(std::make_unique<Impl>(model_dir, config));
}

ClaimTagger::ClaimTagger(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ClaimTagger::~ClaimTagger() = default;
ClaimTagger::ClaimTagger(ClaimTagger&&) noexcept = default;
ClaimTagger& ClaimTagger::operator=(ClaimTagger&&) noexcept = default;

const std::vector<std::string>& ClaimTagger::keys() const { return impl_->keys(); }
std::vector<std::vector<TaggedSpan>> ClaimTagger::tag(std::span<const TaggerText> texts) {
  return impl_->tag(texts);
}
std::vector<std::optional<Support>> ClaimTagger::supports(std::span<const TaggerText> texts,
                                                          std::span<const MarkedSpan> spans) {
  return impl_->supports(texts, spans);
}

}  // namespace vitrine::copywriting
