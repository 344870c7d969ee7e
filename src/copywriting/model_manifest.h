// copywriting/model_manifest.h - what vitrine.json says of a model folder, asked before its weights are read.
#pragma once
#include <filesystem>
#include <string_view>

#include "base/json.h"
#include "text/tokenizer.h"

namespace vitrine::copywriting {

/// `function` opens the messages: "[load_copy_model] ". Throws Corrupt when it is no object, and what read_json_file throws.
Json read_model_manifest(const std::filesystem::path& directory, std::string_view function);

/// Throws NotFound when there is no such folder; Corrupt without vitrine.json (`maker` is the verb that writes one), or when it is of
/// another kind or prompt format.
void require_model_kind(const std::filesystem::path& directory, std::string_view kind, std::string_view prompt_format, std::string_view maker, std::string_view function);

/// A vocabulary of the same size with other tokens would give other words: throws Corrupt (TOK_MISMATCH) when the tokenizer is
/// not the one that vitrine.json names; a manifest without tokenizer_sha256 is not checked.
void require_tokenizer_of(const text::Tokenizer& tokenizer, const std::filesystem::path& directory, std::string_view function);

/// Throws Corrupt (TOK_MISMATCH) when the weights have another number of rows than the tokenizer tokens.
void require_rows_of(const text::Tokenizer& tokenizer, int64_t rows, const std::filesystem::path& directory, std::string_view function);

}  // namespace vitrine::copywriting
