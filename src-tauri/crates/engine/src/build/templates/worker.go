// The worker that a Go function is compiled into: takes framed messages on descriptor 3 and answers on descriptor 4.
//
// Frame: u32 length of what follows, u8 type, u32 length of the header, header (JSON), body (raw). Little-endian.
// What the function prints goes straight to descriptors 1 and 2, which the engine reads.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	beckonHello  = 1
	beckonReady  = 2
	beckonInit   = 3
	beckonRun    = 4
	beckonResult = 5
)

type beckonHeader struct {
	ID          string      `json:"id"`
	Transaction string      `json:"transaction"`
	Deadline    int64       `json:"deadline"`
	APIHost     string      `json:"apiHost"`
	Method      string      `json:"method"`
	Path        string      `json:"path"`
	Query       string      `json:"query"`
	Headers     [][2]string `json:"headers"`
	Scratch     string      `json:"scratch"`
	ResultLimit int         `json:"resultLimit"`
}

type beckonAnswer struct {
	ID      string      `json:"id"`
	Outcome string      `json:"outcome"`
	Status  int         `json:"status,omitempty"`
	Headers [][2]string `json:"headers,omitempty"`
	Bytes   int         `json:"bytes,omitempty"`
}

var (
	beckonOut      *os.File
	beckonLock     sync.Mutex
	beckonLimit    int
	beckonDefaults []byte
)

func beckonSend(kind byte, header interface{}, body []byte) {
	head, err := json.Marshal(header)
	if err != nil {
		os.Exit(70)
	}
	frame := make([]byte, 9, 9+len(head)+len(body))
	binary.LittleEndian.PutUint32(frame, uint32(5+len(head)+len(body)))
	frame[4] = kind
	binary.LittleEndian.PutUint32(frame[5:], uint32(len(head)))
	frame = append(append(frame, head...), body...)
	beckonLock.Lock()
	defer beckonLock.Unlock()
	if _, err := beckonOut.Write(frame); err != nil {
		os.Exit(0) // the engine is gone
	}
}

func beckonFinish(answer beckonAnswer, body []byte) {
	if len(body) > beckonLimit {
		answer.Bytes = len(body)
		body = nil
	}
	beckonSend(beckonResult, answer, body)
}

func main() {
	syscall.CloseOnExec(3)
	syscall.CloseOnExec(4)
	beckonOut = os.NewFile(4, "beckon-out")
	in := bufio.NewReaderSize(os.NewFile(3, "beckon-in"), 64*1024)
	beckonSend(beckonHello, map[string]string{"language": "go", "version": runtime.Version()}, nil)
	for {
		var fixed [9]byte
		if _, err := io.ReadFull(in, fixed[:]); err != nil {
			os.Exit(0) // the engine closed its end
		}
		length := binary.LittleEndian.Uint32(fixed[:])
		head := binary.LittleEndian.Uint32(fixed[5:])
		rest := make([]byte, length-5)
		if _, err := io.ReadFull(in, rest); err != nil {
			os.Exit(0)
		}
		var header beckonHeader
		if err := json.Unmarshal(rest[:head], &header); err != nil {
			os.Exit(70)
		}
		body := rest[head:]
		switch fixed[4] {
		case beckonInit:
			beckonLimit = header.ResultLimit
			beckonDefaults = body
			_ = os.Chdir(header.Scratch)
			beckonSend(beckonReady, struct{}{}, nil)
		case beckonRun:
			beckonCall(header, body)
		default:
			os.Exit(70)
		}
	}
}

// A panic in the function's own goroutine is the run's end and not the worker's, as in net/http.
func beckonRecover(header beckonHeader, answer func(text string)) {
	if reason := recover(); reason != nil {
		fmt.Fprintf(os.Stderr, "panic: %v\n%s", reason, debug.Stack())
		answer(fmt.Sprint(reason))
	}
}

type beckonWriter struct {
	header http.Header
	sent   http.Header
	status int
	body   bytes.Buffer
}

func (w *beckonWriter) Header() http.Header { return w.header }

func (w *beckonWriter) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status, w.sent = status, w.header.Clone()
	}
}

func (w *beckonWriter) Write(data []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(data)
}

func (w *beckonWriter) Flush() { w.WriteHeader(http.StatusOK) }

func beckonServe(handle func(http.ResponseWriter, *http.Request), header beckonHeader, body []byte) {
	defer beckonRecover(header, func(text string) {
		plain := [][2]string{{"content-type", "text/plain; charset=utf-8"}}
		beckonFinish(beckonAnswer{ID: header.ID, Outcome: "ok", Status: 500, Headers: plain}, []byte(text))
	})
	target := header.Path
	if header.Query != "" {
		target += "?" + header.Query
	}
	address, err := url.ParseRequestURI(target)
	if err != nil {
		address = &url.URL{Path: header.Path, RawQuery: header.Query}
	}
	ctx, cancel := context.WithDeadline(context.Background(), time.Unix(0, header.Deadline*int64(time.Millisecond)))
	defer cancel()
	request := (&http.Request{
		Method: header.Method, URL: address, RequestURI: target,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{}, RemoteAddr: "127.0.0.1:0",
		Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
	}).WithContext(ctx)
	for _, pair := range header.Headers {
		if strings.EqualFold(pair[0], "host") {
			request.Host = pair[1]
		} else {
			request.Header.Add(pair[0], pair[1])
		}
	}
	writer := &beckonWriter{header: http.Header{}}
	handle(writer, request)
	writer.WriteHeader(http.StatusOK)
	if writer.sent.Get("Content-Type") == "" && writer.body.Len() > 0 {
		writer.sent.Set("Content-Type", http.DetectContentType(writer.body.Bytes()))
	}
	var headers [][2]string
	for name, values := range writer.sent {
		for _, value := range values {
			headers = append(headers, [2]string{strings.ToLower(name), value})
		}
	}
	answer := beckonAnswer{ID: header.ID, Outcome: "ok", Status: writer.status, Headers: headers}
	beckonFinish(answer, writer.body.Bytes())
}

func beckonInvoke(action func(map[string]interface{}) map[string]interface{}, header beckonHeader, body []byte) {
	defer beckonRecover(header, func(text string) {
		encoded, _ := json.Marshal(map[string]string{"error": text})
		beckonFinish(beckonAnswer{ID: header.ID, Outcome: "error"}, encoded)
	})
	os.Setenv("__OW_ACTIVATION_ID", header.ID)
	os.Setenv("__OW_TRANSACTION_ID", header.Transaction)
	os.Setenv("__OW_DEADLINE", fmt.Sprint(header.Deadline))
	if header.APIHost != "" {
		os.Setenv("__OW_API_HOST", header.APIHost)
	}
	args := map[string]interface{}{}
	_ = json.Unmarshal(beckonDefaults, &args)
	_ = json.Unmarshal(body, &args)
	result := action(args)
	if result == nil {
		result = map[string]interface{}{}
	}
	outcome := "ok"
	if failure, failed := result["error"]; failed {
		outcome, result = "error", map[string]interface{}{"error": failure}
	}
	encoded, err := json.Marshal(result)
	if err != nil {
		panic(err)
	}
	beckonFinish(beckonAnswer{ID: header.ID, Outcome: outcome}, encoded)
}
