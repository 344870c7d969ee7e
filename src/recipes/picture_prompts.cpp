#include "recipes/picture_prompts.h"

#include <set>

#include "base/error.h"
#include "base/shuffled.h"

namespace vitrine::recipes {
namespace {

constexpr uint64_t kPoolSeed = 22;  // the same split in every run and round

imagery::ColourName colour_of(const std::string& name) {
  const auto colour = imagery::colour_name(name);
  VITRINE_REQUIRE(colour, "[prompts_of_classes] colours: '", name, "' is no colour name");
  return *colour;
}

}  // namespace

std::vector<PicturePrompt> prompts_of_classes(const imagery::CaptionWords& words, const std::vector<std::string>& classes,
                                              const std::vector<std::string>& colours, imagery::Language language) {
  std::vector<PicturePrompt> prompts;
  for (const std::string& label : classes) {
    for (const std::string& name : colours) {
      PicturePrompt prompt;
      prompt.facts.label = label;
      prompt.facts.colour = colour_of(name);
      prompt.text = text_in(words, prompt, language);
      prompts.push_back(std::move(prompt));
    }
  }
  return prompts;
}

std::string text_in(const imagery::CaptionWords& words, const PicturePrompt& prompt, imagery::Language language) {
  const std::vector<std::string> said = words.words(prompt.facts, language);
  return said.empty() ? prompt.text : imagery::join_words(said, language);
}

PromptPool split_pool(const std::vector<PicturePrompt>& prompts, size_t held_out) {
  std::set<std::string> seen;
  std::vector<PicturePrompt> different;
  for (const PicturePrompt& prompt : prompts) {
    if (seen.insert(prompt.text).second) different.push_back(prompt);
  }
  VITRINE_REQUIRE(different.size() > held_out, "[split_pool] the pool of prompts is empty: of ", different.size(), " different ones ", held_out,
                  " are held out (held_out_prompts)");
  PromptPool pool;
  for (const size_t i : shuffled_indices(different.size(), RandomKey(kPoolSeed))) {
    auto& part = pool.training.size() < different.size() - held_out ? pool.training : pool.held_out;
    part.push_back(std::move(different[i]));
  }
  return pool;
}

}  // namespace vitrine::recipes
