// io/vips_image.h - libvips for the files of this room: started once, images that free themselves,
// errors as text.
#pragma once
#include <vips/vips.h>

#include <memory>
#include <string>

#include "io/picture.h"

namespace vitrine::io {

struct VipsUnref {
  void operator()(VipsImage* image) const { g_object_unref(image); }
};
using VipsPtr = std::unique_ptr<VipsImage, VipsUnref>;

/// Starts libvips at the first call: one thread for an operation, no cache, no loader of doubtful
/// formats. Throws InternalError when it cannot be started.
void start_vips();

/// What libvips says about its last failure, on one line; its buffer is empty afterwards.
std::string vips_message();

/// A view: `picture` must outlive it. Throws InternalError when memory is gone.
VipsPtr as_vips(const Picture& picture);

/// The pixels of an 8-bit image of three bands. Decoding happens here. Nothing when it fails
/// (vips_message says why).
bool copy_pixels(VipsImage* image, Picture& picture);

}  // namespace vitrine::io
