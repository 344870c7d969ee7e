#include "apps/verb_names.h"

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace vitrine::apps {
namespace {

struct Verb {
  std::string_view name;
  std::vector<std::string_view> objects;  // empty = the verb stands alone
  std::vector<std::string_view> planned;  // objects of later versions
  bool takes_files = false;                // in the place of an object
  bool is_hidden = false;                  // started by the program itself
};

const std::vector<Verb>& verbs() {
  static const std::vector<Verb> kVerbs = {
      {"import", {}, {}},
      {"points", {}, {}},
      {"check", {}, {}},
      {"curate", {"copy", "images"}, {}},
      {"train", {"copy", "tagger", "ranker", "text-encoder", "lora", "dreambooth", "textual-inversion", "clip", "base", "vae", "probe"}, {}},
      {"align", {"copy", "images"}, {}},
      {"write", {}, {}},
      {"draw", {}, {}},
      {"draw-worker", {}, {}, false, true},
      {"export", {}, {}},
      {"score", {"copy", "ranker", "clip"}, {}},
      {"evaluate", {"copy", "catalogue", "tagger", "ranker", "win-rate", "gate", "arena", "style", "images"}, {}},
      {"label", {"text", "settings", "log", "agreement", "request", "agree", "approve", "refuse", "export", "status"}, {}, true},
      {"verify", {"text", "ledger"}, {}, true},
      {"recall", {}, {}},
      {"convert", {"preferences", "sd", "lora"}, {}},
      {"serve", {}, {}},
      {"backup", {}, {}},
      {"bench", {"write", "serve", "train", "draw", "tune"}, {}},
  };
  return kVerbs;
}

const std::vector<std::string_view>& planned_verbs() {
  static const std::vector<std::string_view> kPlanned = {"launch"};
  return kPlanned;
}

bool contains(const std::vector<std::string_view>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string joined(const std::vector<std::string_view>& words) {
  std::string text;
  for (const auto word : words) text += concat(text.empty() ? "" : ", ", word);
  return text;
}

std::string not_yet(std::string_view what) { return concat("'", what, "' does not exist yet in this version"); }

/// A word that can only be meant as a file: it has an ending or a folder, or the file is there.
bool is_file_name(std::string_view word) {
  std::error_code none;
  return word.find_first_of("./") != word.npos || std::filesystem::exists(word, none);
}

std::optional<std::string> wrong_object(const Verb& verb, std::string_view object) {
  const std::string name = concat(verb.name, " ", object);
  if (contains(verb.objects, object)) return std::nullopt;
  if (verb.takes_files && is_file_name(object)) return std::nullopt;
  if (contains(verb.planned, object)) return not_yet(name);
  return concat("unknown verb '", name, "'; there is: ", verb.name, " ", joined(verb.objects), verb.takes_files ? ", or files" : "");
}

}  // namespace

std::optional<std::string> wrong_verb(int argc, const char* const* argv) {
  std::vector<std::string_view> names;
  for (const Verb& verb : verbs()) {
    if (!verb.is_hidden) names.push_back(verb.name);
  }
  if (argc < 2) return concat("no verb; there are: ", joined(names));
  const std::string_view name = argv[1];
  if (name.starts_with('-')) return std::nullopt;
  const auto verb = std::find_if(verbs().begin(), verbs().end(), [&](const Verb& v) { return v.name == name; });
  if (verb == verbs().end()) {
    if (contains(planned_verbs(), name)) return not_yet(name);
    return concat("unknown verb '", name, "'; there are: ", joined(names));
  }
  if (verb->objects.empty()) return std::nullopt;
  if (argc < 3) return concat(name, ": of what? there is: ", name, " ", joined(verb->objects), verb->takes_files ? ", or files" : "");
  const std::string_view object = argv[2];
  return object.starts_with('-') ? std::nullopt : wrong_object(*verb, object);
}

}  // namespace vitrine::apps
