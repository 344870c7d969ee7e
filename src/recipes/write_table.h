// recipes/write_table.h - a product's candidates to read on a terminal.
#pragma once
#include <string>

#include "copywriting/written_product.h"
#include "data/product.h"

namespace vitrine::recipes {

/// Chinese, several lines.
std::string to_table(const copywriting::WrittenProduct& written, const data::Product& product);

}  // namespace vitrine::recipes
