// Writes the tokenizers of support/clip_vocabularies.h for tools/golden/clip_vocabulary.py:
//   clip_vocabulary_cli SOURCE_ROOT OUTPUT_DIR
#include <iostream>

#include "support/clip_vocabularies.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: clip_vocabulary_cli SOURCE_ROOT OUTPUT_DIR\n";
    return 2;
  }
  for (const std::string_view name : vitrine::test::kClipVocabularies) {
    vitrine::text::save_tokenizer(std::filesystem::path(argv[2]) / name, vitrine::test::clip_vocabulary(name, argv[1]));
  }
  return 0;
}
