#include "base/base64.h"

#include <openssl/evp.h>

#include "base/error.h"

namespace vitrine {

std::string base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // and a zero byte, which the function writes
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.pop_back();
  return text;
}

std::string data_uri(std::string_view mime_type, std::string_view bytes) { return concat("data:", mime_type, ";base64,", base64(bytes)); }

}  // namespace vitrine
