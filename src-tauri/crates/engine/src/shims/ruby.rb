# Runs inside the worker: takes framed messages on descriptor 3, answers on descriptor 4, and calls the function.
#
# Frame (frame.rs): u32 length of what follows, u8 type, u32 length of the header, header (JSON), body (raw). Little-endian.
# What the function prints goes straight to descriptors 1 and 2, which the engine reads.
require 'json'
require 'stringio'

module Beckon
  HELLO, READY, INIT, RUN, RESULT, ERROR = 1, 2, 3, 4, 5, 7

  class Worker
    def initialize
      @in = IO.for_fd(3, 'rb')
      @out = IO.for_fd(4, 'wb')
      [@in, @out].each { |io| io.close_on_exec = true }
      @out.sync = true
      $stdout.sync = $stderr.sync = true
      @pid = Process.pid
    end

    def main
      send_frame(HELLO, { language: 'ruby', version: RUBY_VERSION })
      loop do
        frame = receive(receive(4).unpack1('V'))
        kind, size = frame.unpack('CV')
        header = JSON.parse(frame.byteslice(5, size).force_encoding('UTF-8'))
        body = frame.byteslice(5 + size, frame.bytesize)
        case kind
        when RUN then run(header, body)
        when INIT then init(header, body)
        else exit!(70)
        end
      end
    end

    private

    def receive(count)
      data = @in.read(count)
      exit!(0) if data.nil? || data.bytesize < count # the engine closed its end
      data
    end

    def send_frame(kind, header, body = '')
      exit!(0) if Process.pid != @pid # a forked child that came back from the function
      head = JSON.generate(header).b
      @out.write([5 + head.bytesize + body.bytesize, kind, head.bytesize].pack('VCV') + head + body.b)
    rescue SystemCallError, IOError
      exit!(0)
    end

    def init(header, body)
      @setup = header
      @defaults = body.bytesize > 2 ? JSON.parse(body) : {}
      Dir.chdir(header['scratch'])
      environment(header['run'])
      @handler = load_handler(header)
      send_frame(READY, {})
    rescue StandardError, ScriptError => e
      complain(e)
      send_frame(ERROR, { message: 'Cannot start action. Check logs for details.' })
    end

    def load_handler(header)
      folder, main, contract = header.values_at('code', 'main', 'contract')
      $LOAD_PATH.unshift(folder)
      Dir.glob("#{folder}/vendor/bundle/**/gems/*/lib").each { |lib| $LOAD_PATH << lib }
      file = 'main'
      if contract != 'openwhisk'
        named, dot, name = main.rpartition('.')
        main = name unless dot.empty?
        file = dot.empty? ? 'handler' : named if header['folder']
      end
      require File.join(folder, file)
      return Object.const_get(:Handler).new if contract == 'openfaas'

      TOPLEVEL_BINDING.receiver.method(main)
    end

    def environment(header)
      ENV['__OW_ACTIVATION_ID'] = header['id']
      ENV['__OW_TRANSACTION_ID'] = header['transaction']
      ENV['__OW_DEADLINE'] = header['deadline'].to_s
      ENV['__OW_API_HOST'] = header['apiHost'] if header['apiHost']
      # The function's own; a call from another namespace names that one.
      @own_namespace ||= ENV['__OW_NAMESPACE']
      ENV['__OW_NAMESPACE'] = header['namespace'] || @own_namespace
      # The C library keeps all of it.
      @writings = (@writings || 0) + 1
    end

    def run(header, body)
      @setup['contract'] == 'openfaas' ? openfaas(header, body) : openwhisk(header, body)
    end

    # OpenWhisk: main(args) returns a hash.
    def openwhisk(header, body)
      environment(header)
      result = @handler.call(@defaults.merge(JSON.parse(body)))
      if !result.is_a?(Hash) && !result.is_a?(Array)
        answer(header, 'developer', { error: 'The action did not return a dictionary or array.' })
      elsif result.is_a?(Hash) && (result.key?('error') || result.key?(:error))
        answer(header, 'error', { error: result['error'] || result[:error] })
      else
        answer(header, 'ok', result)
      end
    rescue StandardError, ScriptError => e
      complain(e)
      answer(header, 'error', { error: e.message.to_s })
    end

    def answer(header, outcome, result)
      finish({ id: header['id'], outcome: outcome }, JSON.generate(result))
    end

    def finish(answer, body)
      answer[:stop] = true if @writings >= @setup['environments']
      if body.bytesize > @setup['resultLimit']
        answer[:bytes] = body.bytesize
        body = ''
      end
      send_frame(RESULT, answer, body)
    end

    def respond(header, status, headers, body)
      pairs = headers.flat_map { |name, value| Array(value).map { |each| [name.to_s.downcase, each.to_s] } }
      finish({ id: header['id'], outcome: 'ok', status: status, headers: pairs }, body)
    end

    # OpenFaaS ruby-http: Handler#run(body, env) returns [body, headers, status]. The template hands over what Rack
    # does: the body to be read, and the request's environment.
    def openfaas(header, body)
      env = { 'REQUEST_METHOD' => header['method'], 'PATH_INFO' => header['path'], 'QUERY_STRING' => header['query'],
              'rack.input' => StringIO.new(body), 'CONTENT_LENGTH' => body.bytesize.to_s }
      header['headers'].each do |name, value|
        key = name.upcase.tr('-', '_')
        key = "HTTP_#{key}" unless %w[CONTENT_TYPE CONTENT_LENGTH].include?(key)
        env[key] = env.key?(key) && key.start_with?('HTTP_') ? "#{env[key]},#{value}" : value
      end
      text, headers, status = @handler.run(env['rack.input'], env)
      status = (status || (header['method'] == 'OPTIONS' ? 204 : 200)).to_i
      status = 500 unless (100..999).cover?(status)
      text = text.join if text.is_a?(Array)
      respond(header, status, { 'content-type' => 'text/html;charset=utf-8' }.merge(lower(headers)), text.to_s)
    rescue StandardError, ScriptError => e
      complain(e)
      respond(header, 500, { 'content-type' => 'text/plain' }, e.message.to_s)
    end

    def lower(headers)
      (headers || {}).to_h { |name, value| [name.to_s.downcase, value] }
    end

    def complain(error)
      $stderr.puts(error.full_message(highlight: false))
    end
  end
end

Beckon::Worker.new.main
