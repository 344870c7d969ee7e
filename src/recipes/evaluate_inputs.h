// recipes/evaluate_inputs.h - what `evaluate copy` reads: products with human copy, outputs of a system, synonyms.
#pragma once
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/product.h"
#include "eval/copy_metrics.h"

namespace vitrine::recipes {

/// Outputs of `write` ({"id","candidates":[{"text"}…]}, the first one is scored) or {"id","text"}, put into the order of
/// `products`; "-", .gz and .zst as everywhere. A line whose candidates are empty gives the empty text.
/// Throws InvalidInput naming file, row and id: unknown or double id, a product without a line, no text.
eval::SystemRun read_outputs(const std::filesystem::path& path, std::span<const data::Product> products);

/// The file of NAME=FILE or FILE. Throws UsageError when there is none.
std::string file_of_argument(const std::string& argument);

/// NAME=FILE, or FILE alone (its name without extensions is the system's). Several files of one name are its runs, in order.
std::vector<eval::SystemOutputs> read_systems(const std::vector<std::string>& arguments, std::span<const data::Product> products);

/// Lines `value<TAB>form[<TAB>form…]`; blank lines and lines that start with # are skipped. An empty path gives no synonyms.
eval::SynonymTable read_synonyms(const std::filesystem::path& path);

}  // namespace vitrine::recipes
