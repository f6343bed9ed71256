package feed

// stealSession is a session cookie in use on other devices: four device token hashes from three addresses in six minutes.
func (w *world) stealSession(s *stage) {
	in := w.newSession(s.at, s.victim.machine, s.victim.office)
	s.push(0, w.inSession("user.session.start", s.victim, in))
	ms := w.machines(4)
	ns := []*network{s.victim.office, w.stranger(), w.stranger(), s.victim.office}
	for i, m := range ms {
		s.push(sec(30+i*110), w.onDevice(s, in, m, ns[i]))
	}
}

func (w *world) threeHashes(s *stage) {
	in := w.newSession(s.at, s.victim.machine, s.victim.office)
	ms := w.machines(3)
	for i := range 5 {
		s.push(sec(i*60), w.onDevice(s, in, ms[i%3], w.stranger()))
	}
}

// placeholderHash has a fourth hash that is none, and its address must not count either.
func (w *world) placeholderHash(s *stage) { w.missingHash(s, "-") }

func (w *world) nullHash(s *stage) { w.missingHash(s, nil) }

func (w *world) missingHash(s *stage, hash any) {
	in := w.newSession(s.at, s.victim.machine, s.victim.office)
	for i, m := range w.machines(3) {
		s.push(sec(i*60), w.onDevice(s, in, m, s.victim.office))
	}
	s.push(sec(200), w.onDevice(s, in, w.newMachine(agents[0], false), w.stranger()).debug("dtHash", hash))
}

func (w *world) oneAddress(s *stage) {
	in := w.newSession(s.at, s.victim.machine, s.victim.home)
	for i, m := range w.machines(4) {
		s.push(sec(i*60), w.onDevice(s, in, m, s.victim.home))
	}
}

func (w *world) unknownSession(s *stage) {
	for i, m := range w.machines(4) {
		e := w.onDevice(s, w.newSession(s.at, m, s.victim.home), m, w.stranger())
		e.Authentication.External, e.Authentication.Root = ptr("unknown"), nil
		s.push(sec(i*60), e)
	}
}

func (w *world) signOnOnly(s *stage) {
	for i, m := range w.machines(4) {
		in := w.newSession(s.at, m, w.stranger())
		in.id, in.root = "idxSIGNONONLY"+s.victim.id, "idxSIGNONONLY"+s.victim.id
		s.push(sec(i*60), w.signOn(s.victim, in, w.apps[i]))
	}
}

// slowHashes never has more than three hashes inside nine minutes.
func (w *world) slowHashes(s *stage) {
	in := w.newSession(s.at, s.victim.machine, s.victim.office)
	for i, m := range w.machines(4) {
		s.push(sec(i*240), w.onDevice(s, in, m, w.stranger()))
	}
}

func (w *world) machines(n int) []*machine {
	ms := make([]*machine, n)
	for i := range ms {
		ms[i] = w.newMachine(agents[i%len(agents)], false)
	}
	return ms
}

// onDevice is an event of session in that is seen on m at n.
func (w *world) onDevice(s *stage, in *session, m *machine, n *network) *logEvent {
	return w.event("user.authentication.verify", s.victim, in, m, n).on(s.victim.target()).debug("factor", "PASSWORD_AS_FACTOR")
}
