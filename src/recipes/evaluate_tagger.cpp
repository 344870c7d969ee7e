#include "recipes/evaluate_tagger.h"

#include "base/error.h"
#include "copywriting/copy_model.h"

namespace vitrine::recipes {

std::vector<eval::TaggerPrediction> predict(copywriting::ClaimTagger& tagger,
                                            const std::vector<eval::TaggerSentence>& sentences) {
  std::vector<copywriting::TaggerText> texts;
  std::vector<copywriting::MarkedSpan> marked;
  for (const auto& sentence : sentences) {
    auto& text = texts.emplace_back(copywriting::TaggerText{sentence.text, {}});
    for (const auto& attribute : sentence.attributes) {
      text.attributes.push_back({attribute.key, attribute.val});
    }
    for (const auto& span : sentence.spans) {
      marked.push_back({texts.size() - 1, {span.begin, span.end}});
    }
  }
  const auto tagged = tagger.tag(texts);
  std::vector<eval::TaggerPrediction> predictions(sentences.size());
  for (size_t i = 0; i < tagged.size(); ++i) {
    for (const auto& span : tagged[i]) {
      predictions[i].spans.push_back({span.range.begin, span.range.end, span.key, {}});
    }
  }
  const auto named = tagger.supports(texts, marked);
  for (size_t s = 0; s < marked.size(); ++s) {
    predictions[marked[s].text_idx].named.push_back(
        named[s] ? std::optional(named[s]->attribute_idx) : std::nullopt);
  }
  return predictions;
}

eval::TaggerScores evaluate_tagger(const std::filesystem::path& set, const std::string& model,
                                   const copywriting::ClaimTaggerConfig& tagger_config,
                                   const eval::BootstrapConfig& bootstrap) {
  const auto sentences = eval::read_tagger_sentences(set);
  VITRINE_REQUIRE(!sentences.empty(), "[evaluate tagger] ", set.string(), ": no sentences");
  auto tagger =
      copywriting::ClaimTagger::load(copywriting::find_model(model), tagger_config);
  return eval::score_tagger(sentences, predict(tagger, sentences), bootstrap);
}

}  // namespace vitrine::recipes
