// recipes/tagger_vocabulary.h - the vocabulary of a new tagger: the single characters of its data.
#pragma once
#include <filesystem>
#include <vector>

#include "data/product.h"

namespace vitrine::recipes {

/// Writes vocab.txt and tokenizer_config.json into `directory`: of BERT's Chinese vocabulary, in its
/// order, the special tokens, ASCII (letters and digits also behind ##) and every character that
/// copies, attributes and the table of values hold at least min_frequency times.
/// Throws NotFound, IoError.
void write_tagger_vocabulary(const std::filesystem::path& directory,
                             const std::vector<data::Product>& products,
                             const std::filesystem::path& value_table, int min_frequency);

}  // namespace vitrine::recipes
