// What libvirt reports, as Errors that say what was tried, why it failed and what to do.
#pragma once

#include <string>

#include "engine/error.h"

namespace encamp {

/// libvirt's last error on this thread, as an Error; `tried` is "cannot start domain 'web'".
/// Any call of libvirt forgets the last error, virDomainGetName() too: ask for names before.
Error libvirt_error(const std::string& tried);

/// Whether libvirt's last error on this thread has that code (VIR_ERR_...).
bool last_error_is(int code);

/// Whether the text of libvirt's last error on this thread contains `text`. For what has no code.
bool last_error_says(const std::string& text);

/// Whether it is the system's errno `number`.
bool last_error_is_errno(int number);

/// libvirt prints errors to stderr by itself; nothing but us prints. Once per process is enough.
void silence_libvirt();

}  // namespace encamp
