#include "models/token_rows.h"

#include "base/error.h"

namespace vitrine::models {

void check_token_rows(std::string_view caller, const at::Tensor& input_ids, const at::Tensor& is_token, int64_t max_tokens,
                      int64_t num_layers, int64_t skip_layers) {
  VITRINE_REQUIRE(input_ids.dim() == 2 && input_ids.scalar_type() == at::kLong, "[", caller, "] input_ids: expected [B, T] int64, got ",
                  input_ids.sizes(), " ", input_ids.scalar_type());
  VITRINE_REQUIRE(input_ids.size(1) >= 1 && input_ids.size(1) <= max_tokens, "[", caller, "] input_ids: expected 1 to ", max_tokens,
                  " tokens, got ", input_ids.size(1));
  VITRINE_REQUIRE(!is_token.defined() || (is_token.sizes() == input_ids.sizes() && is_token.scalar_type() == at::kBool), "[", caller,
                  "] is_token: expected ", input_ids.sizes(), " bool, got ", is_token.sizes(), " ", is_token.scalar_type());
  VITRINE_REQUIRE(skip_layers >= 0 && skip_layers < num_layers, "[", caller, "] skip_layers: expected 0 to ", num_layers - 1, ", got ",
                  skip_layers);
}

}  // namespace vitrine::models
