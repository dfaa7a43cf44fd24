//! sendto, sendmsg, sendmmsg with addresses; recvmsg and recvmmsg with descriptors.
use super::{Call, Owner, Pending, Verdict, outcome, sockets};
use crate::calls::OPTION;
use crate::decode::msghdr::{self, CMSG_SCAN_MAX, MMSGHDR_BYTES, MSGHDR_BYTES};
use crate::decode::sockaddr::{self, SockAddr};
use crate::memory::{self, Fault};
use crate::sys;
use crate::tracer::Tracer;
use sekisho_events::{Access, Descriptor, DescriptorHow, DescriptorTarget, FileAct, Kind, NetAct, NetOp, Outcome};
use std::collections::{BTreeSet, HashSet};
use std::os::fd::AsFd;

/// Messages on their way out.
#[derive(Debug)]
pub(crate) struct Sending {
    pub acts: Vec<NetAct>,
    /// Of each, whose its address was when the call began.
    pub owners: Vec<Owner>,
    /// sendmmsg: the result counts messages, not bytes.
    pub many: bool,
    /// sendmmsg made as one sendmsg: where the length of what was sent belongs (`msg_len`).
    pub first_of_many: Option<u64>,
}

/// Messages asked for.
#[derive(Debug)]
pub(crate) struct Received {
    /// `struct msghdr` or the first `struct mmsghdr`.
    pub pointer: u64,
    pub many: bool,
    /// Descriptors that were open before, where another thread could wipe out what says which have come.
    pub before: Option<HashSet<i32>>,
}

/// Control data that is copied to where nobody can change it: more than descriptors can be sent at once.
const CONTROL_PINNED_MAX: usize = 2048;

/// More messages in one call than this are refused: the kernel itself stops at `UIO_MAXIOV`.
const MESSAGES_MAX: u64 = 1024;

impl Tracer {
    /// sendto(2) with an address.
    pub(crate) fn enter_sendto(&mut self, tid: i32, call: &Call) -> Verdict {
        if call.args[4] == 0 {
            return Verdict::Run;
        }
        match self.address_argument(tid, call, 4) {
            Ok(address) => self.sending(tid, call, &[address], false),
            Err(fault) => Verdict::unreadable(call, fault),
        }
    }

    /// sendmsg(2).
    pub(crate) fn enter_sendmsg(&mut self, tid: i32, call: &Call) -> Verdict {
        let message = match message(tid, call.args[1]) {
            Ok(message) => message,
            Err(fault) => return Verdict::unreadable(call, fault),
        };
        if msghdr::diverts(&message.control) {
            return Verdict::refused(call.name, OPTION, libc::EPERM);
        }
        // That there is no address, or nothing that changes the way, must hold when the kernel looks, too.
        self.pin_message(&message);
        match message.address {
            None => Verdict::Run,
            Some(bytes) => self.sending(tid, call, &[sockaddr::parse(&bytes)], false),
        }
    }

    fn pin_message(&mut self, message: &Message) {
        let control = if message.control.len() <= CONTROL_PINNED_MAX { &message.control[..] } else { &[] };
        self.pins.message(1, &message.header, message.address.as_deref().unwrap_or_default(), control);
    }

    /// sendmmsg(2): each destination.
    pub(crate) fn enter_sendmmsg(&mut self, tid: i32, call: &Call) -> Verdict {
        if self.will_pin(tid) {
            return self.enter_first_of_sendmmsg(tid, call);
        }
        let mut addresses = Vec::new();
        for n in 0..(call.args[2] & 0xffff_ffff).min(MESSAGES_MAX) {
            match message(tid, call.args[1].wrapping_add(n * MMSGHDR_BYTES as u64)) {
                Ok(message) if msghdr::diverts(&message.control) => {
                    return Verdict::refused(call.name, OPTION, libc::EPERM);
                }
                Ok(message) => addresses.extend(message.address.as_deref().map(sockaddr::parse)),
                // The kernel stops at the first message that it cannot read.
                Err(Fault::Unreadable(libc::EFAULT)) if n > 0 => break,
                Err(fault) => return Verdict::unreadable(call, fault),
            }
        }
        if addresses.is_empty() { Verdict::Run } else { self.sending(tid, call, &addresses, true) }
    }

    /// sendmmsg(2) whose arguments may change: only its first message goes out, as a sendmsg of a pinned copy; the
    /// kernel, too, may send fewer than asked.
    fn enter_first_of_sendmmsg(&mut self, tid: i32, call: &Call) -> Verdict {
        let message = match message(tid, call.args[1]) {
            Ok(message) => message,
            Err(fault) => return Verdict::unreadable(call, fault),
        };
        if msghdr::diverts(&message.control) {
            return Verdict::refused(call.name, OPTION, libc::EPERM);
        }
        self.pins.call(crate::abi::nr::SENDMSG);
        self.pins.value(2, call.args[3]);
        self.pin_message(&message);
        let first = Some(call.args[1].wrapping_add(MSGHDR_BYTES as u64));
        let parsed: Vec<SockAddr> = message.address.iter().map(|b| sockaddr::parse(b)).collect();
        match self.sending(tid, call, &parsed, false) {
            Verdict::Watch(Pending::Send(sending)) => {
                Verdict::Watch(Pending::Send(Box::new(Sending { first_of_many: first, ..*sending })))
            }
            other => other,
        }
    }

    fn sending(&mut self, tid: i32, call: &Call, addresses: &[SockAddr], many: bool) -> Verdict {
        let socket = self.borrow_descriptor(tid, call.int(0));
        let acts: Vec<NetAct> =
            addresses.iter().map(|a| self.net_act(tid, NetOp::Send, socket.as_ref(), Some(a))).collect();
        let owner = |(act, address): (&NetAct, &SockAddr)| self.owner(tid, socket.as_ref(), act, address);
        let owners = acts.iter().zip(addresses).map(owner).collect();
        let kinds: Vec<Kind> = acts.iter().cloned().map(Kind::Net).collect();
        if let Some(verdict) = self.forbid(tid, call, &kinds) {
            return verdict;
        }
        Verdict::Watch(Pending::Send(Box::new(Sending { acts, owners, many, first_of_many: None })))
    }

    pub(crate) fn exit_send(&mut self, tid: i32, sending: Sending, result: i64) {
        let Some(outcome) = outcome(result) else { return };
        if let Some(length_at) = sending.first_of_many.filter(|_| result >= 0) {
            self.answer_first_of_sendmmsg(tid, length_at, result);
        }
        let sent = if sending.many && result >= 0 { result as usize } else { sending.acts.len() };
        for (mut act, owner) in sending.acts.into_iter().zip(sending.owners).take(sent.max(1)) {
            act.outcome = outcome;
            if !sending.many && result >= 0 {
                act.bytes_out = Some(result as u64);
            }
            let heard_outside = act.outcome.is_effect() && owner == Owner::Other;
            let delegated = if heard_outside { self.datagram_delegation(tid, &act) } else { None };
            self.tell(tid, Kind::Net(act));
            if let Some(delegated) = delegated {
                self.tell(tid, Kind::Delegated(delegated));
            }
        }
    }

    /// One message was sent: its length goes where sendmmsg would have put it, and the result counts messages.
    fn answer_first_of_sendmmsg(&mut self, tid: i32, length_at: u64, bytes: i64) {
        let written = self.write_tracee(tid, length_at, &(bytes as u32).to_ne_bytes());
        let counted = sys::get_regs(tid).and_then(|mut regs| {
            crate::abi::set_result(&mut regs, 1);
            sys::set_regs(tid, &regs)
        });
        if written.is_err() || counted.is_err() {
            // The process is gone; nobody looks at the result.
        }
    }

    /// recvmsg(2) and recvmmsg(2): descriptors may come with the message (unix(7), `SCM_RIGHTS`).
    pub(crate) fn enter_receive(&mut self, tid: i32, call: &Call, many: bool) -> Verdict {
        let contested = self.table.group_of(tid).is_some_and(|g| !g.is_quiet());
        let before = (contested && self.hears_outsiders(tid, call.int(0))).then(|| descriptors(tid));
        Verdict::Watch(Pending::Receive(Box::new(Received { pointer: call.args[1], many, before })))
    }

    /// True if somebody who is not of the step may be at the other end of this UNIX socket. What the step passes to itself
    /// it has opened before.
    fn hears_outsiders(&mut self, tid: i32, fd: i32) -> bool {
        let Some(socket) = self.borrow_descriptor(tid, fd) else { return false };
        let unix = sys::socket_facts(socket.as_fd()).is_ok_and(|facts| facts.domain == libc::AF_UNIX);
        unix && sys::peer_credentials(socket.as_fd()).map_or(true, |(pid, _)| self.table.by_pid(pid).is_none())
    }

    pub(crate) fn exit_receive(&mut self, tid: i32, received: &Received, result: i64) {
        if result < 0 {
            return;
        }
        let count = if received.many { result as u64 } else { 1 };
        let headers = (0..count.min(MESSAGES_MAX)).map(|n| received.pointer.wrapping_add(n * MMSGHDR_BYTES as u64));
        let mut came: BTreeSet<i32> =
            headers.flat_map(|header| received_descriptors(tid, header).unwrap_or_default()).collect();
        // What else is new may have been opened by another thread meanwhile, which is told beside; better twice than never.
        if let Some(before) = &received.before {
            came.extend(descriptors(tid).difference(before));
        }
        for fd in came {
            let target = self.descriptor_target(tid, fd);
            self.touch_received(&target);
            let descriptor = Descriptor { how: DescriptorHow::Received, fd, target };
            self.tell(tid, Kind::Descriptor(Box::new(descriptor)));
        }
    }

    /// A file that came open for writing may be written.
    pub(crate) fn touch_received(&mut self, target: &DescriptorTarget) {
        if let DescriptorTarget::File(act) = target
            && act.access == Access::Write
        {
            self.outputs.follow(act);
            self.inputs.follow(act);
        }
    }

    /// What a descriptor that came without an open leads to, its peer included.
    pub(crate) fn descriptor_target(&mut self, tid: i32, fd: i32) -> DescriptorTarget {
        let Some((who, _)) = self.looker(tid) else {
            return DescriptorTarget::File(FileAct::new(Access::Read, "unknown"));
        };
        let mut act = super::attributes::descriptor_act(who, Access::Read, fd);
        if act.file_type == Some(sekisho_events::FileType::Socket)
            && let Some(socket) = self.borrow_descriptor(tid, fd)
        {
            let mut net = NetAct::new(NetOp::Connect, sockets::protocol(sys::socket_facts(socket.as_fd()).ok()));
            if let Ok(peer) = sys::peer_address(socket.as_fd()) {
                sockets::put_address(&mut net, &sockaddr::parse(&peer));
            }
            return DescriptorTarget::Net(net);
        }
        if act.file_type == Some(sekisho_events::FileType::CharDevice)
            && let Ok(found) = crate::names::of_descriptor(who, fd)
        {
            self.may_serve(tid, &found);
        }
        if !super::guards::opened_read_only(tid, fd) {
            act.access = Access::Write;
        }
        DescriptorTarget::File(act)
    }
}

/// The numbers of a process's open descriptors (proc(5)).
fn descriptors(tid: i32) -> HashSet<i32> {
    let entries = std::fs::read_dir(crate::names::ProcPath::of(tid, "fd").as_str()).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// A message's header, the bytes of its destination if it has one, and its control data.
struct Message {
    header: [u8; MSGHDR_BYTES],
    address: Option<Vec<u8>>,
    control: Vec<u8>,
}

fn message(tid: i32, pointer: u64) -> Result<Message, Fault> {
    let header = memory::read_array::<MSGHDR_BYTES>(tid, pointer)?;
    let parsed = msghdr::parse(&header);
    let named = parsed.name != 0 && parsed.name_len != 0;
    let address = named.then(|| Tracer::read_address(tid, parsed.name, u64::from(parsed.name_len))).transpose()?;
    let given = parsed.control != 0 && parsed.control_len != 0;
    let mut control = vec![0; if given { (parsed.control_len as usize).min(CMSG_SCAN_MAX) } else { 0 }];
    memory::read_exact(tid, parsed.control, &mut control)?;
    Ok(Message { header, address, control })
}

/// Descriptors in the control data of a received message.
fn received_descriptors(tid: i32, pointer: u64) -> Result<Vec<i32>, Fault> {
    let header = msghdr::parse(&memory::read_array::<MSGHDR_BYTES>(tid, pointer)?);
    if header.control == 0 || header.control_len == 0 {
        return Ok(Vec::new());
    }
    let mut bytes = vec![0; (header.control_len as usize).min(CMSG_SCAN_MAX)];
    memory::read_exact(tid, header.control, &mut bytes)?;
    Ok(msghdr::rights(&bytes))
}

impl Sending {
    /// The process died inside the call.
    pub(crate) fn unknown(self) -> impl Iterator<Item = Kind> {
        self.acts.into_iter().map(|mut act| {
            act.outcome = Outcome::Unknown;
            Kind::Net(act)
        })
    }
}
