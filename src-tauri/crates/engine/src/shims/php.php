<?php
// Runs inside the worker: takes framed messages on descriptor 3, answers on descriptor 4, and calls the function.
//
// Frame (frame.rs): u32 length of what follows, u8 type, u32 length of the header, header (JSON), body (raw). Little-endian.
// What the function prints goes straight to descriptors 1 and 2, which the engine reads: PHP does not buffer there.
namespace Beckon;

const HELLO = 1, READY = 2, INIT = 3, RUN = 4, RESULT = 5, ERROR = 7;

final class Worker
{
    private $in;
    private $out;
    private array $setup = [];
    private array $defaults = [];
    private $handler;

    public function __construct()
    {
        $this->in = fopen('php://fd/3', 'rb');
        $this->out = fopen('php://fd/4', 'wb');
        stream_set_read_buffer($this->in, 65536);
    }

    public function main(): void
    {
        $this->send(HELLO, ['language' => 'php', 'version' => PHP_VERSION]);
        while (true) {
            $length = unpack('V', $this->receive(4))[1];
            $frame = $this->receive($length);
            $head = unpack('V', $frame, 1)[1];
            $header = json_decode(substr($frame, 5, $head), true);
            $body = substr($frame, 5 + $head);
            match (ord($frame[0])) {
                RUN => $this->run($header, $body),
                INIT => $this->init($header, $body),
                default => exit(70),
            };
        }
    }

    private function receive(int $count): string
    {
        $data = '';
        while (strlen($data) < $count) {
            $piece = fread($this->in, $count - strlen($data));
            if ($piece === false || $piece === '') {
                exit(0); // the engine closed its end
            }
            $data .= $piece;
        }
        return $data;
    }

    private function send(int $kind, array $header, string $body = ''): void
    {
        $head = json_encode((object) $header, JSON_INVALID_UTF8_SUBSTITUTE | JSON_UNESCAPED_SLASHES);
        $frame = pack('VCV', 5 + strlen($head) + strlen($body), $kind, strlen($head)) . $head . $body;
        for ($at = 0; $at < strlen($frame); $at += $written) {
            $written = fwrite($this->out, $at === 0 ? $frame : substr($frame, $at));
            if ($written === false || $written === 0) {
                exit(0);
            }
        }
    }

    private function init(array $header, string $body): void
    {
        $this->setup = $header;
        $this->defaults = json_decode($body, true) ?: [];
        chdir($header['scratch']);
        $this->environment($header['run']);
        try {
            $this->handler = $this->load($header);
        } catch (\Throwable $error) {
            fwrite(STDERR, $error . "\n");
            $this->send(ERROR, ['message' => 'Cannot start action. Check logs for details.']);
            return;
        }
        $this->send(READY, []);
    }

    private function load(array $header): callable
    {
        $folder = $header['code'];
        if (is_file("$folder/vendor/autoload.php")) {
            require_once "$folder/vendor/autoload.php";
        }
        $main = $header['main'];
        $contract = $header['contract'];
        $files = ["$folder/index.php"];
        if ($header['folder'] && $contract !== 'openwhisk') {
            $files = ["$folder/src/Handler.php", "$folder/Handler.php", "$folder/handler.php"];
            if (($dot = strrpos($main, '.')) > 0) {
                array_unshift($files, $folder . '/' . substr($main, 0, $dot) . '.php');
            }
        }
        if ($contract !== 'openwhisk' && ($dot = strrpos($main, '.')) > 0) {
            $main = substr($main, $dot + 1); // file.function
        }
        foreach ($files as $file) {
            if (is_file($file)) {
                load($file);
                break;
            }
        }
        if ($contract === 'openfaas') {
            foreach (['App\Handler', 'Handler'] as $class) {
                if (class_exists($class)) {
                    $object = new $class();
                    return [$object, 'handle'];
                }
            }
        }
        if (!is_callable($main)) {
            throw new \RuntimeException("The code has no function '$main'.");
        }
        return $main;
    }

    private ?string $ownNamespace = null;

    private function environment(array $header): void
    {
        $all = [
            '__OW_ACTIVATION_ID' => $header['id'],
            '__OW_TRANSACTION_ID' => $header['transaction'],
            '__OW_DEADLINE' => (string) $header['deadline'],
            '__OW_API_HOST' => $header['apiHost'] ?? '',
        ];
        // The function's own; a call from another namespace names that one.
        $this->ownNamespace ??= (string) getenv('__OW_NAMESPACE');
        $all['__OW_NAMESPACE'] = $header['namespace'] ?? $this->ownNamespace;
        foreach ($all as $name => $value) {
            putenv("$name=$value");
            $_ENV[$name] = $value;
        }
    }

    private function run(array $header, string $body): void
    {
        $this->environment($header);
        match ($this->setup['contract']) {
            'scaleway' => $this->scaleway($header, $body),
            'openfaas' => $this->openfaas($header, $body),
            default => $this->openwhisk($header, $body),
        };
    }

    // OpenWhisk: main(array $args) returns an array.
    private function openwhisk(array $header, string $body): void
    {
        $args = array_merge($this->defaults, json_decode($body, true) ?: []);
        try {
            $result = ($this->handler)($args);
            if ($result instanceof \ArrayObject) {
                $result = $result->getArrayCopy();
            } elseif ($result instanceof \stdClass) {
                $result = (array) $result;
            }
            $result ??= [];
            if (!is_array($result)) {
                $type = gettype($result);
                fwrite(STDERR, "Result must be an array but has type \"$type\".\n");
                $this->answer($header, 'developer', ['error' => 'The action did not return a dictionary or array.']);
            } elseif (array_key_exists('error', $result)) {
                $this->answer($header, 'error', ['error' => $result['error']]);
            } else {
                $this->answer($header, 'ok', $result);
            }
        } catch (\Throwable $error) {
            fwrite(STDERR, $error . "\n");
            $this->answer($header, 'error', ['error' => 'An error occurred running the action.']);
        }
    }

    private function answer(array $header, string $outcome, array $result): void
    {
        $list = $result !== [] && array_is_list($result);
        $text = json_encode($list ? $result : (object) $result, JSON_THROW_ON_ERROR | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE);
        $this->finish(['id' => $header['id'], 'outcome' => $outcome], $text);
    }

    private function finish(array $answer, string $body): void
    {
        if (strlen($body) > $this->setup['resultLimit']) {
            $answer['bytes'] = strlen($body);
            $body = '';
        }
        $this->send(RESULT, $answer, $body);
    }

    private function respond(array $header, int $status, array $headers, string $body): void
    {
        $this->finish(['id' => $header['id'], 'outcome' => 'ok', 'status' => $status, 'headers' => $headers], $body);
    }

    // Scaleway: handle($event, $context), an API gateway's event and answer.
    private function scaleway(array $header, string $body): void
    {
        $headers = $query = [];
        foreach ($header['headers'] as [$name, $value]) {
            $headers[$name] = isset($headers[$name]) ? "$headers[$name],$value" : $value;
        }
        foreach (array_filter(explode('&', $header['query']), 'strlen') as $pair) {
            [$name, $value] = explode('=', $pair, 2) + [1 => ''];
            $query[urldecode($name)] = urldecode($value);
        }
        $text = preg_match('//u', $body) === 1;
        $event = [
            'path' => rawurldecode($header['path']),
            'httpMethod' => $header['method'],
            'headers' => $headers,
            'multiValueHeaders' => null,
            'queryStringParameters' => $query,
            'multiValueQueryStringParameters' => null,
            'pathParameters' => null,
            'stageVariables' => [],
            'requestContext' => [
                'accountId' => '', 'resourceId' => '', 'stage' => '', 'requestId' => $header['id'],
                'resourcePath' => '', 'authorizer' => null, 'httpMethod' => $header['method'], 'apiId' => '',
            ],
            'body' => $text ? $body : base64_encode($body),
            'isBase64Encoded' => !$text,
        ];
        $context = [
            'memoryLimitInMb' => $this->setup['memoryMb'],
            'functionName' => basename($this->setup['functionName']),
            'functionVersion' => $this->setup['functionVersion'],
        ];
        $cors = [['access-control-allow-origin', '*'], ['access-control-allow-headers', 'Content-Type']];
        try {
            $result = ($this->handler)($event, $context);
            if ($result === null) {
                $this->respond($header, 200, $cors, '');
                return;
            }
            $result = $result instanceof \stdClass ? (array) $result : $result;
            if (!is_array($result)) {
                $this->respond($header, 200, $cors, is_string($result) ? $result : json_encode($result, JSON_THROW_ON_ERROR));
                return;
            }
            if (!array_key_exists('body', $result) && !array_key_exists('statusCode', $result)) {
                $body = json_encode($result, JSON_THROW_ON_ERROR | JSON_UNESCAPED_SLASHES);
                $this->respond($header, 200, [...$cors, ['content-type', 'application/json']], $body);
                return;
            }
            $pairs = self::pairs((array) ($result['headers'] ?? []));
            $names = array_column($pairs, 0);
            foreach ($cors as $pair) {
                if (!in_array($pair[0], $names, true)) {
                    $pairs[] = $pair;
                }
            }
            $content = $result['body'] ?? '';
            $content = is_string($content) ? $content : json_encode($content, JSON_THROW_ON_ERROR | JSON_UNESCAPED_SLASHES);
            if (!empty($result['isBase64Encoded'])) {
                $content = base64_decode($content, true);
                if ($content === false) {
                    throw new \RuntimeException('The body is not base64.');
                }
            }
            $this->respond($header, self::status($result['statusCode'] ?? 200), $pairs, $content);
        } catch (\Throwable $error) {
            fwrite(STDERR, $error . "\n");
            // The spelling is the provider's.
            $message = 'An error occured during handler execution: ' . $error->getMessage();
            $this->respond($header, 500, [...$cors, ['content-type', 'text/plain']], $message);
        }
    }

    // OpenFaaS php8: (new App\Handler())->handle(string $data) returns the answer's body.
    private function openfaas(array $header, string $body): void
    {
        try {
            $result = ($this->handler)($body);
            $this->respond($header, 200, [], is_scalar($result) || $result === null ? (string) $result : json_encode($result, JSON_THROW_ON_ERROR));
        } catch (\Throwable $error) {
            fwrite(STDERR, $error . "\n");
            $this->respond($header, 500, [['content-type', 'text/plain']], $error->getMessage());
        }
    }

    private static function pairs(array $headers): array
    {
        $pairs = [];
        foreach ($headers as $name => $value) {
            foreach ((array) $value as $each) {
                $pairs[] = [strtolower((string) $name), (string) $each];
            }
        }
        return $pairs;
    }

    // A status that HTTP does not know would be a broken answer.
    private static function status(mixed $value): int
    {
        $status = (int) $value;
        return $status >= 100 && $status <= 999 ? $status : 500;
    }
}

// Away from the worker's own variables.
function load(string $file): void
{
    require_once $file;
}

(new Worker())->main();
