// data/import_dialects.h - rows of JSON objects in the dialects of others. Internal to the room.
//
// Each function fills the target from one row and returns what is wrong with the whole row, or nothing.
#pragma once
#include <optional>
#include <string>

#include "base/json.h"
#include "data/columns.h"

namespace vitrine::data {

/// schema.org/Product of JSON-LD.
std::optional<FieldProblem> read_schema_org(const Json& row, const ColumnRules& rules, RowTarget& target);
/// Whether @type says Product (alone or in a list, with a prefix or as an address).
bool is_schema_org_product(const Json& row);

/// Product data of Merchant Center: offerId or id, names in camelCase or snake_case.
std::optional<FieldProblem> read_merchant_json(const Json& row, const ColumnRules& rules, RowTarget& target);

/// Rows of training and preference sets: the text that is good becomes the summary, what was asked
/// for the attributes or the title; all fields of the row are kept.
std::optional<FieldProblem> read_training_row(const Json& row, RowTarget& target);
/// alpaca | share_gpt | messages | preference, "" for a row of another format.
std::string training_format_of(const Json& row);
/// Finer than the format: the kinds that may not stand together in a file; "" = none that we know.
std::string training_kind_of(const Json& row);

/// A field of the row that has no place in the record, kept under its name (or one beside it).
void keep_unknown(const std::string& name, const Json& value, RowTarget& target);

}  // namespace vitrine::data
