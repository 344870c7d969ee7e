// recipes/training_rows.h - rows that a model is trained on: where they lie, whose they are, which are held out.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "data/import.h"

namespace vitrine::recipes {

/// train.jsonl of a folder, else the file itself.
std::filesystem::path data_file(const std::filesystem::path& path);

/// Reads them; rejected rows are logged by code. Throws what read_products throws.
data::ImportResult read_training_rows(std::string_view verb, const std::filesystem::path& path);

/// The licences of the rows, else the one that lies beside them; rows without either: "see data".
std::string licence_of(const std::vector<data::Product>& products, const std::filesystem::path& file);

/// Whether a product is one of the `share` held out: by its attributes, so that equal inputs stay together.
bool is_held_out(const data::Product& product, double share);

/// SHA-256 of everything in a model's folder that its results depend on: weights, settings, vocabulary, statistics; caches and
/// pages aside.
std::string model_sha256(const std::filesystem::path& model_dir);

/// SHA-256 of a model's weights, over all shards in the order of their names.
std::string weights_sha256(const std::filesystem::path& model_dir);

}  // namespace vitrine::recipes
