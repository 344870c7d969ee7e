#include "copywriting/model_manifest.h"

#include "base/artefact.h"
#include "base/error.h"

namespace vitrine::copywriting {
namespace fs = std::filesystem;
namespace {

constexpr const char* kTokenizerHash = "tokenizer_sha256";

void require_field(const Json& manifest, const char* name, std::string_view expected, const fs::path& directory, std::string_view function) {
  const auto found = manifest.find(name);
  if (found != manifest.end() && *found == expected) return;
  throw Corrupt(concat(function, (directory / kManifestName).string(), ": ", name, ": expected \"", expected, "\", got ",
                       found == manifest.end() ? "nothing" : dump_line(*found).substr(0, 80)));
}

}  // namespace

Json read_model_manifest(const fs::path& directory, std::string_view function) {
  const fs::path path = directory / kManifestName;
  Json manifest = read_json_file(path);
  if (manifest.is_object()) return manifest;
  throw Corrupt(concat(function, path.string(), ": expected an object, got ", dump_line(manifest).substr(0, 80)));
}

void require_model_kind(const fs::path& directory, std::string_view kind, std::string_view prompt_format, std::string_view maker, std::string_view function) {
  if (!fs::is_directory(directory)) throw NotFound(concat(function, "no model directory ", directory.string()));
  if (!fs::exists(directory / kManifestName)) throw Corrupt(concat(function, directory.string(), ": no vitrine.json: not a ", kind, " model that `", maker, "` made"));
  const Json manifest = read_model_manifest(directory, function);
  require_field(manifest, "kind", kind, directory, function);
  require_field(manifest, "prompt_format", prompt_format, directory, function);
}

void require_tokenizer_of(const text::Tokenizer& tokenizer, const fs::path& directory, std::string_view function) {
  const Json manifest = read_model_manifest(directory, function);
  const std::string sha256 = tokenizer.sha256();
  if (!manifest.contains(kTokenizerHash) || manifest[kTokenizerHash] == sha256) return;
  throw Corrupt(concat(function, directory.string(), ": TOK_MISMATCH: the tokenizer's files give ", kTokenizerHash, " ", sha256, ", ", kManifestName, " has ",
                       dump_line(manifest[kTokenizerHash]).substr(0, 80)));
}

void require_rows_of(const text::Tokenizer& tokenizer, int64_t rows, const fs::path& directory, std::string_view function) {
  if (rows == tokenizer.vocab_size()) return;
  throw Corrupt(concat(function, directory.string(), ": TOK_MISMATCH: the tokenizer has ", tokenizer.vocab_size(), " tokens, wte.weight ", rows, " rows"));
}

}  // namespace vitrine::copywriting
