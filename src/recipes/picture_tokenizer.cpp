#include "recipes/picture_tokenizer.h"

#include "base/error.h"
#include "base/resource.h"
#include "models/weights.h"

namespace vitrine::recipes {

std::filesystem::path picture_tokenizer_dir(const models::StableDiffusionFiles& files) {
  return files.tokenizer_dir.empty() ? resource_path("data/vocab/clip") : files.tokenizer_dir;
}

std::unique_ptr<text::Tokenizer> load_picture_tokenizer(const models::StableDiffusionFiles& files) {
  auto tokenizer = text::load_tokenizer(picture_tokenizer_dir(files));
  const int64_t rows = models::vocab_size_of(files.settings.text_encoder);
  if (models::is_padded_vocabulary(rows, tokenizer->vocab_size())) return tokenizer;
  throw Corrupt(concat("[load_picture_tokenizer] ", files.path.string(), ": TOK_MISMATCH: the tokenizer",
                       files.tokenizer_dir.empty() ? " (CLIP's, as the model has none)" : "", " has ", tokenizer->vocab_size(),
                       " tokens, the text encoder ", rows));
}

}  // namespace vitrine::recipes
