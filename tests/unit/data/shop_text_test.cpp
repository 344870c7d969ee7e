#include "data/shop_text.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace vitrine::data {
namespace {

/// Gives at most so many bytes at a time.
class Drops : public ByteReader {
 public:
  Drops(std::string_view bytes, size_t size) : bytes_(bytes), size_(size) {}
  size_t read(std::span<char> out) override {
    const size_t size = std::min({size_, out.size(), bytes_.size()});
    bytes_.copy(out.data(), size);
    bytes_.remove_prefix(size);
    return size;
  }

 private:
  std::string_view bytes_;
  size_t size_;
};

std::string all_of(ByteReader& reader, size_t at_once) {
  std::string text, piece(at_once, '\0');
  while (const size_t size = reader.read(piece)) text.append(piece, 0, size);
  return text;
}

/// 裙, an emoji, a pair the wrong way round, a high surrogate at the end.
std::string odd_utf16(bool big_endian) {
  return text_to_utf16("a裙😀", big_endian) + text_to_utf16("\xed\xb8\x80x\xed\xa0\xbd", big_endian);
}

TEST(ShopTextTest, Utf16InPiecesIsTheTextOfTheWholeAndComesBack) {
  for (const TextForm form : {TextForm::utf16le, TextForm::utf16be}) {
    const bool big_endian = form == TextForm::utf16be;
    const std::string whole = odd_utf16(big_endian), text = utf16_to_text(whole, big_endian);
    const std::string bytes = std::string(bom_of(form)) + whole;
    for (size_t size = 1; size < 9; ++size) {
      const auto reader = text_in_form(std::make_unique<Drops>(bytes, size), form);
      ASSERT_EQ(all_of(*reader, 3), text) << size;
      std::string back;
      TextBytes out(form, [&](std::string_view piece) { back += piece; });
      for (size_t at = 0; at < text.size(); at += size) out.add(std::string_view(text).substr(at, size));
      ASSERT_EQ(back, bytes) << size;
    }
  }
}

TEST(ShopTextTest, OtherFormsStayAsTheyLieButForTheBom) {
  const std::string marked = "\xef\xbb\xbf裙";
  const auto reader = text_in_form(std::make_unique<Drops>(marked, 2), TextForm::utf8_bom);
  EXPECT_EQ(all_of(*reader, 16), "裙");
  EXPECT_EQ(all_of(*text_in_form(std::make_unique<Drops>("\xc8\xb9", 1), TextForm::gb18030), 16), "\xc8\xb9");
}

}  // namespace
}  // namespace vitrine::data
