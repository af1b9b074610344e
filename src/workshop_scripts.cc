#include "src/workshop_scripts.h"

#include <cstdlib>

namespace encamp {
namespace {

constexpr const char* kBootstrap = R"sh(
tree=$1 release=$2 architecture=$3 sources=$4; shift 4
echo "encamp: bootstrapping Debian $release"
mmdebstrap -q --mode=root --format=directory --variant=minbase --architectures="$architecture" \
  --aptopt='APT::Install-Recommends "false"' "$@" --skip=cleanup/apt/lists \
  --include=systemd-sysv,dbus,iproute2,iputils-ping,openssh-server,netbase,procps,ca-certificates \
  "$release" "$tree" "$sources" </dev/null
)sh";

constexpr const char* kDress = R"sh(cd "$tree"
chmod 755 .
mkdir -p .oldroot                       # libvirt's LXC driver moves the host's root there
mkdir -p -m 700 root/.ssh

# Of no use in a node that lives for a test, and most of the work of its start. What a package
# wants of them later still works where another unit or the bus starts it.
for unit in systemd-logind systemd-update-utmp systemd-update-utmp-runlevel systemd-sysusers \
  systemd-remount-fs systemd-journal-flush systemd-pstore console-getty e2scrub_reap; do
  ln -sf /dev/null "etc/systemd/system/$unit.service"
done
for unit in dev-hugepages dev-mqueue sys-kernel-debug sys-kernel-tracing \
  sys-fs-fuse-connections; do
  ln -sf /dev/null "etc/systemd/system/$unit.mount"
done
for unit in apt-daily apt-daily-upgrade dpkg-db-backup e2scrub_all fstrim logrotate \
  systemd-tmpfiles-clean; do
  ln -sf /dev/null "etc/systemd/system/$unit.timer"
done
mkdir -p etc/systemd/system-generators etc/systemd/system/multi-user.target.wants
for generator in lib/systemd/system-generators/*; do
  case $generator in
    */systemd-sysv-generator) ;;        # some packages bring nothing but a script in /etc/init.d
    *) ln -sf /dev/null "etc/systemd/system-generators/${generator##*/}" ;;
  esac
done
ln -sf /dev/null etc/systemd/system/multi-user.target.wants/dbus.service   # its socket starts it
rm -rf etc/systemd/system/getty.target.wants

# One key exchange that is fast everywhere: OpenSSH's default costs 0.1 s of CPU a connection.
printf '%s\n' 'KexAlgorithms curve25519-sha256' 'HostKey /etc/ssh/ssh_host_ed25519_key' \
  >etc/ssh/sshd_config.d/encamp.conf
mkdir -p etc/systemd/system/ssh.service.d
printf '[Service]\nExecStartPre=\n' >etc/systemd/system/ssh.service.d/encamp.conf
rm -f etc/ssh/ssh_host_* etc/hostname etc/hosts etc/resolv.conf var/lib/dbus/machine-id
rm -f var/cache/apt/*.bin var/log/*.log var/log/apt/*
: >etc/machine-id
)sh";

// What the others share: the tree to work in, and apt in it.
constexpr const char* kCommon = R"sh(
open_tree() {                           # LOWER UPPER
  root=$work/root
  mkdir -p "$2" "$work/overlay" "$root"
  mount -t overlay encamp -o "lowerdir=$1,upperdir=$2,workdir=$work/overlay" "$root"
  enter_tree
}
enter_tree() {
  mount -t proc proc "$root/proc"
  mount --rbind /dev "$root/dev"
  mkdir -p "$root/var/cache/apt/archives"
  mount --bind "$debs" "$root/var/cache/apt/archives"
  for file in resolv.conf hosts; do
    [ ! -e "/etc/$file" ] || cp "/etc/$file" "$root/etc/$file"
  done
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"    # nothing is started
  chmod 755 "$root/usr/sbin/policy-rc.d"
}
close_tree() {
  rm -f "$root/usr/sbin/policy-rc.d" "$root/etc/resolv.conf" "$root/etc/hosts"
  rm -f "$root"/etc/ssh/ssh_host_* "$root/etc/hostname" "$root/var/lib/dbus/machine-id"
  rm -f "$root"/var/cache/apt/*.bin "$root/var/lib/systemd/random-seed"
  : >"$root/etc/machine-id"
  umount "$root/var/cache/apt/archives"
  umount -R "$root/dev"
  umount "$root/proc"
}
run_apt() {
  chroot "$root" apt-get -qq -y --no-install-recommends -o APT::Keep-Downloaded-Packages=true \
    -o APT::Sandbox::User=root -o Dpkg::Use-Pty=0 -o DPkg::Options::=--force-unsafe-io \
    -o Acquire::Retries=2 -o Acquire::http::Timeout=30 "$@" </dev/null
}
install_packages() {                    # the archives are shared, so only downloads take turns
  echo "encamp: downloading packages"
  (flock 9 && run_apt --download-only install "$@") 9>"$debs.lock" || return
  echo "encamp: installing packages"
  run_apt -o Debug::NoLocking=true install "$@"
}
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
)sh";

constexpr const char* kKernel = R"sh(
work=$1 base=$2 debs=$3 architecture=$4
mkdir -p "$work/machine"
open_tree "$base" "$work/machine/upper"
install_packages kmod
echo "encamp: downloading the kernel"
package=$(chroot "$root" apt-cache depends "linux-image-cloud-$architecture" |
  awk '/Depends: linux-image/ { print $2; exit }')
[ -n "$package" ] || { echo "there is no linux-image-cloud-$architecture"; exit 1; }
mkdir "$root/kernel"
(cd "$root/kernel" && chroot "$root" sh -c 'cd /kernel && exec apt-get -qq \
  -o APT::Sandbox::User=root -o Acquire::Retries=2 download "$1"' sh "$package")
chroot "$root" sh -c 'exec dpkg-deb -x /kernel/*.deb /kernel/tree'
cp "$root"/kernel/tree/boot/vmlinuz-* "$work/machine/vmlinuz"
mkdir -p "$root/usr/lib/modules"        # never lib: a link to usr/lib, which a directory would hide
for modules in "$root"/kernel/tree/lib/modules/* "$root"/kernel/tree/usr/lib/modules/*; do
  [ ! -d "$modules" ] || { mv "$modules" "$root/usr/lib/modules/"
    chroot "$root" depmod -a "${modules##*/}"; }
done
rm -rf "$root/kernel"
close_tree
umount "$root"
)sh";

// Takes out what no two nodes may share (workshop_identities.txt, in $identities), and leaves in
// the image how a node makes it anew.
constexpr const char* kRemoveIdentities = R"sh(
remove_identities() {
  make=$root/usr/lib/encamp/make-identities
  : >"$work/make"
  [ ! -e "$make" ] || tail -n +3 "$make" >"$work/make"
  printf '%s\n' "$identities" | while read -r pattern action command; do
    case $pattern in '' | '#'*) continue ;; esac
    [ "$action" != keep ] || continue
    for file in "$root"$pattern; do
      [ -e "$file" ] || [ -L "$file" ] || continue
      rm -f "$file"
      [ "$action" != make ] || printf '%s\n' "$command" >>"$work/make"
    done
  done
  if [ -s "$work/make" ]; then
    mkdir -p "${make%/*}"
    { printf '#!/bin/sh -e\n# What no two nodes may share, made when a node is new.\n'; cat "$work/make"; } >"$make"
    chmod 755 "$make"
  fi
}
is_known() {                            # FILE: whether it is to stay
  printf '%s\n' "$identities" | while read -r pattern action command; do
    case $pattern in '' | '#'*) continue ;; esac
    case $1 in $pattern) echo yes; break ;; esac
  done
}
find_private() {
  (cd "$root" && find etc -xdev -type f ! -perm -004) | sort
}
check_private() {                       # those that were there before are of the tree's author
  find_private | comm -23 - "$work/old" | while read -r file; do
    [ -z "$(is_known "/$file")" ] || continue
    grep -qxF "/$file" "$root"/var/lib/dpkg/info/*.list || printf '/%s\n' "$file"
  done >"$work/private"
  if [ -s "$work/private" ]; then
    echo "encamp-private: $(tr '\n' ' ' <"$work/private")"
    exit 1
  fi
}
)sh";

constexpr const char* kImage = R"sh(
work=$1 lower=$2 debs=$3 image=$4 identities=$5 prepare=$6; shift 6
open_tree "$lower" "$work/upper"
enabled() {                             # what is started at boot because a package said so
  (cd "$root/etc" && find systemd/system systemd/user rc?.d ! -type d \
    \( -path '*.wants/*' -o -path '*.requires/*' -o -path 'rc?.d/S*' \) 2>/dev/null || :) | sort
}
add_repositories() {                    # the index of Debian itself stays as the base tree has it
  cp "$work"/sources/*.sources "$root/etc/apt/sources.list.d/"
  mkdir "$root/encamp-sources"
  cp "$work"/sources/*.sources "$root/encamp-sources/"
  echo "encamp: fetching the index of repositories"
  run_apt update -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts=/encamp-sources \
    -o APT::Get::List-Cleanup=0
  rm -r "$root/encamp-sources"
}
if [ $# -gt 0 ]; then
  find_private >"$work/old"
  if ls "$work"/sources/*.sources >/dev/null 2>&1; then add_repositories; fi
  if [ -d "$work/packages" ]; then
    mkdir -p "$root/var/lib/encamp"
    cp -r "$work/packages" "$root/var/lib/encamp/"
    chroot "$root" sh /var/lib/encamp/packages/apply index
  fi
  enabled >"$work/before"
  [ -z "$prepare" ] || chroot "$root" sh -ec "$prepare" </dev/null || { status=$?
    echo "encamp-prepare: failed"; exit $status; }
  install_packages "$@" || { status=$?
    chroot "$root" apt-cache pkgnames >"$work/names" 2>/dev/null || :; exit $status; }
  [ ! -d "$work/packages" ] ||
    APT_MORE='-o Debug::NoLocking=true -o APT::Sandbox::User=root -o DPkg::Options::=--force-unsafe-io' \
      chroot "$root" sh /var/lib/encamp/packages/apply settle
  enabled >"$work/after"
  comm -13 "$work/before" "$work/after" | while read -r link; do
    case $link in
      rc?.d/S*) mv "$root/etc/$link" "$root/etc/${link%%/*}/K${link#rc?.d/S}" ;;
      *) rm -f "$root/etc/$link" ;;
    esac
  done
  remove_identities
  check_private
fi
if [ -p "$work/requests" ]; then        # the other end is TreeAgent
  echo "encamp: realizing the software of the image"
  mkdir -p "$root/var/lib/encamp"
  cp "$work/agent.pl" "$root/var/lib/encamp/agent.pl"
  exec 3>&1
  (echo "encamp-agent: runs" >&3; exec 3>&-
    exec chroot "$root" perl /var/lib/encamp/agent.pl /var/lib/encamp) <"$work/requests" >"$work/answers"
  exec 3>&-
  [ ! -e "$work/failed" ] || exit 1
  chroot "$root" sh -c 'cd /var/lib/encamp && rm -rf agent.pl receipts probes originals archives trees && cd .. &&
    rmdir encamp 2>/dev/null || :'
fi
close_tree
echo "encamp: making the file system"
kib=$(du -skx "$root" | cut -f1)        # with room for what the tables and short files take more
mke2fs -q -F -t ext4 -b 4096 -m 0 -i 8192 -O ^has_journal -E root_owner=0:0 -L encamp-image \
  -d "$root" "$image" "$((kib + kib / 6 + 65536))k"
)sh";

// A disk image has partitions, or is one file system. Only file systems that have a driver many
// eyes look at are mounted.
constexpr const char* kFileTree = R"sh(
work=$1 tree=$2 debs=$3 file=$4 kind=$5 partitions=$6 identities=$7 dress=$8
fail() { echo "encamp-file: $*"; exit 1; }
unpack() {
  tar --extract --file "$file" --directory "$tree" --numeric-owner --same-owner --same-permissions \
    --xattrs --xattrs-include='*' --anchored --exclude='dev/*' --exclude='./dev/*' ||
    fail "tar cannot unpack it"
}
has_root() {
  [ -e "$1/etc/os-release" ] || [ -L "$1/etc/os-release" ] || [ -e "$1/usr/lib/os-release" ]
}
copy_disk() {
  mkdir "$work/mounted"
  printf '0 0\n%s\n' "$partitions" >"$work/partitions"
  while read -r start size; do
    [ -n "$start" ] || continue
    type=$(blkid --probe --offset "$start" --output value --match-tag TYPE "$file") || continue
    case $type in
      ext2 | ext3 | ext4) options=noload ;;
      xfs) options=norecovery,nouuid ;;
      btrfs) options=ro ;;
      *) continue ;;
    esac
    mount -t "$type" -o "ro,loop,offset=$start,sizelimit=$size,$options" "$file" "$work/mounted" || continue
    if has_root "$work/mounted"; then
      cp -a "$work/mounted/." "$tree/"
      umount "$work/mounted"
      return
    fi
    umount "$work/mounted"
  done <"$work/partitions"
  fail "there is no root of a Linux system on its partitions; ext4, xfs and btrfs are read"
}
missing() {                             # of what every node needs
  chroot "$root" /bin/sh -c '
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
    [ -x /lib/systemd/systemd ] || [ -x /usr/lib/systemd/systemd ] || echo systemd
    [ -x /sbin/init ] || echo /sbin/init
    for tool in sshd ip perl setsid tar; do command -v $tool >/dev/null || echo $tool; done'
}

mkdir -p "$tree"
tree=$(realpath "$tree")
root=$tree
if [ "$kind" = tar ]; then
  echo "encamp: unpacking the file"
  unpack
else
  echo "encamp: copying the disk image"
  copy_disk
fi
has_root "$tree" || fail "it is no root of a Linux system: there is no etc/os-release"
# What is written here from outside of the tree must stay in it.
for directory in dev proc sys run tmp root etc etc/apt etc/apt/apt.conf.d usr usr/sbin usr/lib \
  usr/lib/encamp var/cache/apt/archives var/lib/dpkg var/lib/encamp; do
  case $(realpath -m "$tree/$directory") in
    "$tree"/*) ;;
    *) fail "its '$directory' leads out of it" ;;
  esac
done
rm -rf "$tree/dev" "$tree/run" "$tree/tmp"
mkdir -p "$tree/dev" "$tree/proc" "$tree/sys" "$tree/run" "$tree/root"
mkdir -m 1777 "$tree/tmp"
rm -f "$tree/etc/resolv.conf" "$tree/etc/hosts"
enter_tree
lacks=$(missing) || fail "its programs do not run on this machine"
if [ -x "$root/usr/bin/apt-get" ]; then
  if [ -s "$work/proxy" ]; then cp "$work/proxy" "$root/etc/apt/apt.conf.d/99encamp-proxy"; fi
  echo "encamp: fetching the package index of the file's system"
  timeout 90 chroot "$root" apt-get -qq -o APT::Sandbox::User=root -o Acquire::Retries=0 \
    -o Acquire::http::Timeout=15 update </dev/null || echo "its apt reaches no mirror"
  if [ -n "$lacks" ]; then
    install_packages systemd-sysv dbus iproute2 iputils-ping openssh-server netbase procps ca-certificates perl-base ||
      fail "it has no" $lacks "and its apt cannot install it"
    lacks=$(missing)
  fi
fi
[ -z "$lacks" ] || fail "it has no" $lacks "which every node needs"
remove_identities
close_tree
chroot "$tree" /bin/sh -euc "tree=/
mkdir -p /etc/ssh/sshd_config.d /etc/systemd/system/multi-user.target.wants
$dress"
)sh";

// What an image from elsewhere has and a Debian of ours has not: a network of its own, cloud-init.
constexpr const char* kUndress = R"sh(
for unit in cloud-init cloud-init-local cloud-config cloud-final systemd-networkd \
  systemd-networkd-wait-online systemd-resolved NetworkManager NetworkManager-wait-online networking; do
  ln -sf /dev/null "etc/systemd/system/$unit.service"
done
ln -sf /dev/null etc/systemd/system/systemd-networkd.socket
rm -f etc/systemd/system/sockets.target.wants/ssh.socket
for unit in ssh sshd; do
  [ -e "lib/systemd/system/$unit.service" ] || continue
  ln -sf "/lib/systemd/system/$unit.service" etc/systemd/system/multi-user.target.wants/
  break
done
)sh";

}  // namespace

std::string base_script() {
  return std::string(kBootstrap) + kDress;
}

std::string dress_script() {
  return std::string(kDress) + kUndress;
}

std::string file_tree_script() {
  return std::string(kCommon) + kRemoveIdentities + kFileTree;
}

std::string kernel_script() {
  return std::string(kCommon) + kKernel;
}

std::string image_script() {
  return std::string(kCommon) + kRemoveIdentities + kImage;
}

ToolResult run_script(const std::string& script, std::vector<std::string> arguments,
                      Duration timeout, const Workshop::Progress& progress,
                      const std::function<void(const std::string&)>& on_line) {
  std::vector<std::string> all{"unshare", "--mount", "--propagation", "private",
                               "--pid",   "--fork",  "--kill-child",  "sh",
                               "-euc",    script,    "encamp"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  const char* path = std::getenv("PATH");
  return run_tool(
      {.arguments = std::move(all),
       .environment = {{"PATH",
                        std::string(path == nullptr ? "" : path) +
                            ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}},
       .timeout = timeout,
       .on_line = [&](const std::string& line) {
         if (progress && line.starts_with("encamp: "))
           progress(line.substr(8));
         if (on_line)
           on_line(line);
       }});
}

}  // namespace encamp
