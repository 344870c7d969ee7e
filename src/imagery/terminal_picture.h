// imagery/terminal_picture.h - a picture as coloured characters, for a look at it in a terminal.
#pragma once
#include <cstdint>
#include <string>

#include "io/picture.h"

namespace vitrine::imagery {

/// Lines of `columns` characters, each an upper half block whose two colours (24 bits, ECMA-48 "select graphic rendition") are those
/// of two pixels, one above the other; every line ends with a reset. Throws InvalidInput for a picture without pixels and columns < 1.
std::string terminal_picture(const io::Picture& picture, int64_t columns);

}  // namespace vitrine::imagery
