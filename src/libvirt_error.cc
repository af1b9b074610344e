#include "src/libvirt_error.h"

#include <cerrno>

#include <fmt/format.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

namespace encamp {
namespace {

constexpr const char* kStartHint = "encamp doctor --start";

ErrorKind kind_of(const virError& error) {
  if (last_error_is_errno(ENOSPC) || last_error_is_errno(ENOMEM) || last_error_is_errno(EDQUOT) ||
      last_error_says("No space left on device") || last_error_says("Cannot allocate memory"))
    return ErrorKind::NoRoom;
  switch (error.code) {
    case VIR_ERR_NO_DOMAIN:
    case VIR_ERR_NO_NETWORK:
    case VIR_ERR_NO_STORAGE_POOL:
    case VIR_ERR_NO_STORAGE_VOL:
      return ErrorKind::NotFound;
    case VIR_ERR_DOM_EXIST:
    case VIR_ERR_NETWORK_EXIST:
    case VIR_ERR_STORAGE_VOL_EXIST:
      return ErrorKind::Conflict;
    case VIR_ERR_AUTH_FAILED:
    case VIR_ERR_AUTH_CANCELLED:
    case VIR_ERR_AUTH_UNAVAILABLE:
    case VIR_ERR_ACCESS_DENIED:
    case VIR_ERR_OPERATION_DENIED:
      return ErrorKind::Denied;
    case VIR_ERR_NO_CONNECT:
    case VIR_ERR_RPC:
      return ErrorKind::Unavailable;
    case VIR_ERR_OPERATION_TIMEOUT:
      return ErrorKind::Timeout;
    default:
      break;
  }
  if (error.domain == VIR_FROM_RPC || error.domain == VIR_FROM_REMOTE)
    return last_error_is_errno(EACCES) || last_error_is_errno(EPERM) ? ErrorKind::Denied
                                                                     : ErrorKind::Unavailable;
  if (last_error_says("already exists") || last_error_says("File exists"))
    return ErrorKind::Conflict;
  return ErrorKind::Failed;
}

}  // namespace

bool last_error_is(int code) {
  const virError* error = virGetLastError();
  return error != nullptr && error->code == code;
}

bool last_error_says(const std::string& text) {
  const virError* error = virGetLastError();
  return error != nullptr && error->message != nullptr &&
         std::string_view(error->message).find(text) != std::string_view::npos;
}

bool last_error_is_errno(int number) {
  const virError* error = virGetLastError();
  return error != nullptr && error->code == VIR_ERR_SYSTEM_ERROR && error->int1 == number;
}

Error libvirt_error(const std::string& tried) {
  const virError* last = virGetLastError();
  if (last == nullptr || last->message == nullptr)
    return {ErrorKind::Failed, tried + ": libvirt does not say why"};
  Error error(kind_of(*last), fmt::format("{}: {}", tried, last->message));
  switch (error.kind()) {
    case ErrorKind::Unavailable:
      error.with_hint(kStartHint);
      break;
    case ErrorKind::Denied:
      error.with_hint("run as root, or join the group 'libvirt': adduser $USER libvirt");
      break;
    case ErrorKind::NoRoom:
      error.with_hint("encamp image prune, or free space on the host: df -h");
      break;
    case ErrorKind::NotFound:
    case ErrorKind::Conflict:
    case ErrorKind::Failed:
    case ErrorKind::Timeout:
    case ErrorKind::Unknown:
    case ErrorKind::Busy:
    case ErrorKind::Interrupted:
      break;
  }
  return error;
}

void silence_libvirt() {
  virSetErrorFunc(nullptr, [](void*, virErrorPtr) {});
}

}  // namespace encamp
