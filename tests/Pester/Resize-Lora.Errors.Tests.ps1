# What goes wrong, and what the user is told: one error a file, with a stable id, that names the file and the cause.
BeforeAll {
    . (Join-Path $PSScriptRoot 'Support.ps1')
    Import-Module (Join-Path $PSScriptRoot '../../out/ResizeLora/ResizeLora.psd1')
    $lora = Get-SamplePath 'lora'
    $base = Get-SamplePath 'base'
    $recipe = 'spn_lora=1,thr=-0.7'
    $userCache = $env:RESIZELORA_CACHE
    $env:RESIZELORA_CACHE = Join-Path $TestDrive 'cache'
    $command = 'ResizeLora.PowerShell.Commands.ResizeLoraCommand'

    # The sample with its first bytes only, as an interrupted download leaves it.
    function Copy-Beginning([string] $Path, [int] $Count) {
        [System.IO.File]::WriteAllBytes($Path, [System.IO.File]::ReadAllBytes($lora)[0..($Count - 1)])
        $Path
    }

    # A file whose header is this text.
    function Write-Header([string] $Path, [string] $Text) {
        $bytes = [System.Text.Encoding]::UTF8.GetBytes($Text)
        [System.IO.File]::WriteAllBytes($Path, [BitConverter]::GetBytes([long] $bytes.Length) + $bytes)
        $Path
    }
}

AfterAll {
    $env:RESIZELORA_CACHE = $userCache
}

Describe 'A damaged file: <name>' -ForEach @(
    @{ name = 'text'; id = 'SafetensorsPlainText'; cause = "*a text that begins 'This is a text*"
        make = { [System.IO.File]::WriteAllText($file, 'This is a text that was given the wrong extension.'); } }
    @{ name = 'empty'; id = 'SafetensorsEmpty'; cause = '*it has 0 bytes*'
        make = { [System.IO.File]::WriteAllText($file, '') } }
    @{ name = 'a download that broke off in the header'; id = 'SafetensorsTruncated'; cause = '*truncated*'
        make = { Copy-Beginning $file 5000 } }
    @{ name = 'a download that broke off in the data'; id = 'SafetensorsTruncated'; cause = '*truncated*are missing*'
        make = { Copy-Beginning $file 200000 } }
    @{ name = 'a header that is no JSON'; id = 'SafetensorsInvalidHeader'; cause = '*header*'
        make = { Write-Header $file '{"lora": unquoted}' } }
    @{ name = 'a tensor of an unknown type'; id = 'SafetensorsUnknownType'; cause = "*'F12'*"
        make = { Write-SafetensorsFile $file (New-Tensor 'a.lora_up.weight' @(1) -Type 'F12' -Byte 1, 2) } }
    @{ name = 'a tensor of another size than its shape'; id = 'SafetensorsSizeMismatch'; cause = '*a.lora_up.weight*F32*shape*3*8 bytes*'
        make = { Write-SafetensorsFile $file (New-Tensor 'a.lora_up.weight' @(3) @(1, 2)) } }
    @{ name = 'two tensors of one name'; id = 'SafetensorsDuplicateTensor'; cause = '*a.lora_up.weight*'
        make = { Write-SafetensorsFile $file (New-Tensor 'a.lora_up.weight' @(1) @(1)), (New-Tensor 'a.lora_up.weight' @(1) @(1)) } }
    @{ name = 'metadata that is no text'; id = 'SafetensorsInvalidMetadata'; cause = '*metadata*'
        make = { Write-Header $file '{"__metadata__": {"a": 1}}' } }
    @{ name = 'lora_down without lora_up'; id = 'FileUnsupported'; cause = '*no layer that can be resized: lora_unet_a (no lora_up)*'
        make = { Write-SafetensorsFile $file (New-Tensor 'lora_unet_a.lora_down.weight' @(1, 2) @(1, 2)) } }
    @{ name = 'lora_up without lora_down'; id = 'FileUnsupported'; cause = '*lora_unet_a (no lora_down)*'
        make = { Write-SafetensorsFile $file (New-Tensor 'lora_unet_a.lora_up.weight' @(2, 1) @(1, 2)) } }
    @{ name = 'ranks that disagree'; id = 'FileUnsupported'; cause = '*lora_unet_a (the ranks disagree: *1*2*'
        make = { Write-SafetensorsFile $file (New-Tensor 'lora_unet_a.lora_down.weight' @(1, 2) @(1, 2)), (New-Tensor 'lora_unet_a.lora_up.weight' @(2, 2) @(1, 2, 3, 4)) } }
    @{ name = 'shapes that are no factors'; id = 'FileUnsupported'; cause = '*lora_unet_a (lora_down *lora_up *'
        make = { Write-SafetensorsFile $file (New-Tensor 'lora_unet_a.lora_down.weight' @(2) @(1, 2)), (New-Tensor 'lora_unet_a.lora_up.weight' @(2) @(1, 2)) } }
    @{ name = 'an alpha that is no number'; id = 'LayerAlphaInvalid'; cause = "*layer 'lora_unet_a'*alpha*NaN*"
        make = { Write-SafetensorsFile $file (New-Layer 'lora_unet_a' -Alpha ([double]::NaN)) } }
    @{ name = 'an alpha of several numbers'; id = 'FileUnsupported'; cause = '*lora_unet_a (its alpha is F32*'
        make = { Write-SafetensorsFile $file @(New-Layer 'lora_unet_a' -Alpha $null; New-Tensor 'lora_unet_a.alpha' @(2) @(1, 2)) } }
    @{ name = 'NaN in a layer'; id = 'LayerNotFinite'; cause = "*layer 'lora_unet_a'*NaN or infinity*"
        make = { Write-SafetensorsFile $file (New-Layer 'lora_unet_a' -Value ([double]::NaN)) } }
    @{ name = 'infinity in a layer'; id = 'LayerNotFinite'; cause = "*layer 'lora_unet_a'*NaN or infinity*"
        make = { Write-SafetensorsFile $file (New-Layer 'lora_unet_a' -Value ([double]::PositiveInfinity) -Type 'F16') } }
) {
    BeforeAll {
        $folder = New-TestFolder
        $file = Join-Path $folder 'damaged.safetensors'
        $null = & $make
        $good = Copy-Sample 'lora' (Join-Path $folder 'good.safetensors')
        $results = @(Resize-Lora $file, $good -Recipe $recipe -OutputDirectory (New-TestFolder) -ErrorVariable problems -ErrorAction SilentlyContinue)
    }

    It 'is one error that names the file and the cause' {
        $problems | Should -HaveCount 1
        $problems[0].FullyQualifiedErrorId | Should -Be "$id,$command"
        $problems[0].CategoryInfo.Category | Should -Be 'InvalidData'
        $problems[0].TargetObject | Should -Be $file
        $problems[0].Exception.Message | Should -BeLike "*$file*"
        $problems[0].Exception.Message | Should -BeLike $cause
    }

    It 'does not stop the batch' {
        $results.Source | Should -Be $good
    }

    It 'ends the command when errors shall' {
        { Resize-Lora $file, $good -Recipe $recipe -OutputDirectory (New-TestFolder) -ErrorAction Stop } |
            Should -Throw -ErrorId "$id,$command"
    }
}

Describe 'A LoRA that does not fit the base model' {
    BeforeAll {
        $file = Write-SafetensorsFile (Join-Path (New-TestFolder) 'sd15.safetensors') (New-Layer $queryLayer -In 48)
        Resize-Lora $file -Checkpoint $base -ErrorVariable problems -ErrorAction SilentlyContinue
    }

    It 'is an error with both shapes' {
        $problems | Should -HaveCount 1
        $problems[0].FullyQualifiedErrorId | Should -Be "CheckpointMismatch,$command"
        $message = $problems[0].Exception.Message
        $message | Should -BeLike "*$file*$queryLayer*"
        $message.Contains('[40, 48]') | Should -BeTrue
        $message.Contains('[40, 40]') | Should -BeTrue
    }

    It 'is an error when a convolution''s kernel is another' {
        $layer = 'lora_unet_input_blocks_3_0_op'
        $other = Write-SafetensorsFile (Join-Path (New-TestFolder) 'kernel.safetensors') @(
            New-Tensor "$layer.lora_down.weight" @(1, 20, 1, 1) @(1..20)
            New-Tensor "$layer.lora_up.weight" @(20, 1, 1, 1) @(1..20)
        )
        { Resize-Lora $other -Checkpoint $base -ErrorAction Stop } |
            Should -Throw "*$layer*20, 20*20, 20, 3, 3*" -ErrorId "CheckpointMismatch,$command"
    }

    It 'is resized by its own scores without a base model' {
        (Resize-Lora $file -Recipe $recipe).LayersKept | Should -Be 1
    }
}

Describe 'A value that does not fit into 16 bits' {
    BeforeAll {
        $file = Write-SafetensorsFile (Join-Path (New-TestFolder) 'large.safetensors') (New-Layer $queryLayer -Value 1e6)
    }

    It 'is an error that says which layer, and what to do' {
        Resize-Lora $file -Recipe $recipe -ErrorVariable problems -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problems | Should -HaveCount 1
        $problems[0].FullyQualifiedErrorId | Should -Be "LayerOverflow,$command"
        "$($problems[0])" | Should -BeLike "*$file*$queryLayer*too large for Float16*-DType BFloat16 and -DType Float32*"
    }

    It 'is said in the same words in any culture' {
        $large = Write-SafetensorsFile (Join-Path (New-TestFolder) 'larger.safetensors') (New-Layer $queryLayer -Value 1.234e6)
        $message = try { Resize-Lora $large -Recipe $recipe -ErrorAction Stop } catch { $_.Exception.Message }
        $message | Should -BeLike '*1.23e+06*'
        Use-Culture (Get-CommaCulture) {
            { Resize-Lora $large -Recipe $recipe -ErrorAction Stop } | Should -Throw '*1.23e+06*'
        }
    }

    It 'is written by -DType <_>' -ForEach 'BFloat16', 'Float32' {
        $result = Resize-Lora $file -Recipe 'rank=2' -DType $_ -OutputDirectory (New-TestFolder) -WarningAction SilentlyContinue
        [Math]::Abs((Get-LoraSpectrum $result.Path).SpectralNorm / 1e12 - 1) | Should -BeLessThan 0.02
    }
}

Describe 'A layer that is too small for 16 bits' {
    BeforeAll {
        $file = Write-SafetensorsFile (Join-Path (New-TestFolder) 'small.safetensors') (New-Layer $queryLayer -Value 1e-7)
    }

    It 'is written with a warning that says which layer, and what to do' {
        $silent = @{ WarningAction = 'SilentlyContinue'; WarningVariable = 'warnings' }
        $result = Resize-Lora $file -Recipe 'rank=2' -OutputDirectory (New-TestFolder) @silent
        $result.LayersKept | Should -Be 1
        $small = @($warnings | Where-Object { "$_" -like '*too small*' })
        $small | Should -HaveCount 1
        "$small" | Should -BeLike "*$file*numbers too small for F16*1 layer*$queryLayer (*%)*Use -DType BFloat16 or Float32."
    }

    It 'is written without one by -DType <_>' -ForEach 'BFloat16', 'Float32' {
        $silent = @{ WarningAction = 'SilentlyContinue'; WarningVariable = 'warnings' }
        $result = Resize-Lora $file -Recipe 'rank=2' -DType $_ -OutputDirectory (New-TestFolder) @silent
        $warnings | Where-Object { "$_" -like '*too small*' } | Should -BeNullOrEmpty
        [Math]::Abs((Get-LoraSpectrum $result.Path).SpectralNorm / (Get-LoraSpectrum $file).SpectralNorm - 1) | Should -BeLessThan 0.02
    }
}

Describe 'A pickle' {
    It 'is refused with the advice to convert: <_>' -ForEach 'old.ckpt', 'old.pt', 'old.pth', 'OLD.CKPT' {
        $file = Join-Path (New-TestFolder) $_
        [System.IO.File]::WriteAllText($file, 'PK')
        Resize-Lora $file -Recipe $recipe -ErrorVariable problems -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problems | Should -HaveCount 1
        $problems[0].FullyQualifiedErrorId | Should -Be "FileUnsupported,$command"
        $problems[0].Exception.Message | Should -BeLike "*$_*Convert it to safetensors*"
    }

    It 'is refused as a base model too: <_>' -ForEach 'sdxl.ckpt', 'sdxl.pt' {
        $file = Join-Path (New-TestFolder) $_
        [System.IO.File]::WriteAllBytes($file, [byte[]] (0x50, 0x4B, 3, 4, 0, 0, 8, 8, 0, 0))
        { Resize-Lora $lora -Checkpoint $file -OutputDirectory (New-TestFolder) } |
            Should -Throw "*$_*Convert it to safetensors*" -ErrorId "FileUnsupported,$command"
    }
}

Describe 'A file that is not there' {
    It 'is an error that names it: -<parameter>' -ForEach @(
        @{ parameter = 'Path' }
        @{ parameter = 'LiteralPath' }
    ) {
        $file = Join-Path (New-TestFolder) 'missing.safetensors'
        $given = @{ $parameter = $file, $lora; Recipe = $recipe; OutputDirectory = New-TestFolder }
        $result = Resize-Lora @given -ErrorVariable problems -ErrorAction SilentlyContinue
        $problems | Should -HaveCount 1
        $problems[0].FullyQualifiedErrorId | Should -Be "FileMissing,$command"
        $problems[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
        $problems[0].TargetObject | Should -Be $file
        $problems[0].Exception.Message | Should -BeLike "*$file*"
        $result.Source | Should -Be $lora
    }

    It 'is an error of a drive, or of a thing, that holds no files: <_>' -ForEach 'nodrive:/a.safetensors', 'Variable:PWD' {
        Resize-Lora $_ -Recipe $recipe -ErrorVariable problems -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problems | Should -HaveCount 1
        $problems[0].FullyQualifiedErrorId | Should -Be "FileMissing,$command"
    }

    It 'is an error when it vanished after its layers were read' {
        $file = Copy-Sample 'lora' (Join-Path (New-TestFolder) 'gone.safetensors')
        $layers = Get-LoraSpectrum $file
        Remove-Item $file
        $layers | Resize-Lora -Recipe $recipe -ErrorVariable problems -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problems | Should -HaveCount 1
        $problems[0].FullyQualifiedErrorId | Should -Be "FileMissing,$command"
    }
}

Describe 'The base model' {
    It 'is asked for when the recipe needs one' {
        { Resize-Lora $lora -Recipe 'params=1,spn_ckpt=1,thr=-1' } |
            Should -Throw '*params=0.5*measures against the base model*-Checkpoint*' -ErrorId "CheckpointNotGiven,$command"
        { Resize-Lora $lora } | Should -Throw -ErrorId "CheckpointNotGiven,$command"
    }

    It 'is asked for when layers come that were measured without one' {
        Get-LoraSpectrum $lora | Resize-Lora -OutputDirectory (New-TestFolder) -ErrorVariable problems -ErrorAction SilentlyContinue |
            Should -BeNullOrEmpty
        $problems | Should -HaveCount 1
        $problems[0].FullyQualifiedErrorId | Should -Be "CheckpointNotGiven,$command"
    }

    It 'is an error when it is not there; nothing is done' {
        $folder = New-TestFolder
        $missing = Join-Path $folder 'missing.safetensors'
        { Resize-Lora $lora -Checkpoint $missing -OutputDirectory $folder } |
            Should -Throw "*checkpoint '$missing' does not exist*" -ErrorId "CheckpointMissing,$command"
        Get-FileName $folder | Should -BeNullOrEmpty
    }

    It 'is an error when it is a LoRA' {
        { Resize-Lora $lora -Checkpoint $lora } |
            Should -Throw "*$lora*is a LoRA, not a base model*" -ErrorId "CheckpointUnrecognised,$command"
    }

    It 'is an error when it is damaged' {
        $damaged = Copy-Beginning (Join-Path (New-TestFolder) 'base.safetensors') 100000
        { Resize-Lora $lora -Checkpoint $damaged } | Should -Throw "*$damaged*truncated*" -ErrorId "SafetensorsTruncated,$command"
    }

    It 'is an error when it is a folder' {
        $folder = New-TestFolder
        { Resize-Lora $lora -Checkpoint $folder -OutputDirectory $folder } | Should -Throw "*$folder*"
    }

    It 'is an error when a weight that is needed holds NaN' {
        $nan = Write-SafetensorsFile (Join-Path (New-TestFolder) 'nan.safetensors') @(
            New-Tensor 'model.diffusion_model.input_blocks.4.1.transformer_blocks.0.attn1.to_q.weight' @(40, 40) (@([double]::NaN) * 1600)
        )
        $file = Write-SafetensorsFile (Join-Path (New-TestFolder) 'one.safetensors') (New-Layer $queryLayer)
        Resize-Lora $file -Checkpoint $nan -ErrorVariable problems -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problems[0].FullyQualifiedErrorId | Should -Be "CheckpointNotFinite,$command"
        $problems[0].Exception.Message | Should -BeLike "*$nan*attn1.to_q.weight*NaN*"
    }
}

Describe 'A recipe that is none' {
    It 'is an error with the nearest key, before anything is done' {
        $folder = New-TestFolder
        { Resize-Lora $lora -Checkpoint $base -Recipe 'spn_ckp=1,thr=-1.2' -OutputDirectory $folder } |
            Should -Throw "*'spn_ckp=1,thr=-1.2'*there is no key 'spn_ckp'; the nearest is 'spn_ckpt'*"
        Get-FileName $folder | Should -BeNullOrEmpty
    }

    It 'is an error when it is one of several' {
        { Resize-Lora $lora -Recipe 'spn_lora,thr=-0.7:spn_lora,size=x' } | Should -Throw "*'x' of 'size' is not a number*"
        { Resize-Lora $lora -Recipe $recipe, 'spn_lora' } | Should -Throw "*needs 'thr=', 'retain=', 'loss=', 'size=' or 'keep='*"
    }

    It 'is an error when it is nothing: <name>' -ForEach @(
        @{ name = 'an empty string'; none = '' }
        @{ name = 'an empty array'; none = @() }
        @{ name = 'null'; none = $null }
    ) {
        { Resize-Lora $lora -Recipe $none } | Should -Throw "*'Recipe'*"
    }

    It 'is an error when it asks for less than a file without layers takes' {
        Resize-Lora $lora -Recipe 'spn_lora,size=0.0001', $recipe -OutputDirectory (New-TestFolder) -ErrorVariable problems -ErrorAction SilentlyContinue |
            ForEach-Object Threshold | Should -Be -0.7
        $problems | Should -HaveCount 1
        $problems[0].FullyQualifiedErrorId | Should -Be "OutputSizeTooSmall,$command"
        $problems[0].Exception.Message | Should -BeLike '*asks for at most 104 bytes*'
    }
}

Describe 'A device that is not there' {
    It 'is an error that says so, before anything is done: <_>' -ForEach 'cuda:99', 'CUDA:99' {
        $folder = New-TestFolder
        { Resize-Lora $lora -Recipe $recipe -Device $_ -OutputDirectory $folder } |
            Should -Throw "*'$_' was asked for*-Device cpu or auto*" -ErrorId "DeviceCudaAbsent,$command"
        Get-FileName $folder | Should -BeNullOrEmpty
    }

    It 'is cuda with the processor-only libtorch' {
        $native = Join-Path $PSScriptRoot '../../out/ResizeLora/native'
        if ([System.IO.Directory]::GetFiles($native, '*torch_cuda*', [System.IO.SearchOption]::AllDirectories)) {
            Set-ItResult -Skipped -Because 'this build has the libraries for CUDA'
        }
        { Resize-Lora $lora -Recipe $recipe -Device cuda } |
            Should -Throw '*no CUDA device can be used*-Device cpu or auto*' -ErrorId "DeviceCudaAbsent,$command"
        { Get-LoraSpectrum $lora -Device cuda:0 } |
            Should -Throw -ErrorId 'DeviceCudaAbsent,ResizeLora.PowerShell.Commands.GetLoraSpectrumCommand'
    }

    It 'is refused by its name when there is no such kind: <_>' -ForEach 'gpu', 'cuda:', 'cuda:-1', 'cuda:1.5', 'mps' {
        { Resize-Lora $lora -Recipe $recipe -Device $_ } | Should -Throw "*There is no device '$_'; use auto, cpu, cuda or cuda:N*"
    }
}

Describe 'A folder that cannot be written to' {
    It 'is an error for each file, and the inputs stay' {
        $file = Join-Path (New-TestFolder) 'a file, no folder'
        [System.IO.File]::WriteAllText($file, 'somebody''s work')
        Resize-Lora $lora -Recipe $recipe -OutputDirectory (Join-Path $file 'out') -ErrorVariable problems -ErrorAction SilentlyContinue |
            Should -BeNullOrEmpty
        $problems | Should -HaveCount 1
        $problems[0].FullyQualifiedErrorId | Should -BeLike "Output*,$command"
        $problems[0].CategoryInfo.Category | Should -Be 'WriteError'
        $problems[0].Exception.Message | Should -BeLike "*$file*was not written*"
        [System.IO.File]::ReadAllText($file) | Should -Be 'somebody''s work'
    }

    It 'is an error when the output''s name would be too long; nothing is left behind' {
        $folder = New-TestFolder
        $file = Copy-Sample 'lora' (Join-Path $folder ('x' * 240 + '.safetensors'))
        Resize-Lora $file -Recipe $recipe -ErrorVariable problems -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problems | Should -HaveCount 1
        $problems[0].FullyQualifiedErrorId | Should -BeLike "Output*,$command"
        Get-FileName $folder | Should -HaveCount 1
    }

    It 'is an error when it is not of the file system' {
        { Resize-Lora $lora -Recipe $recipe -OutputDirectory 'Variable:' -ErrorAction Stop } |
            Should -Throw '*not a path of the file system*'
    }
}

Describe 'Layers that do not belong together' {
    It 'are an error when the file has changed since they were read' {
        $file = Copy-Sample 'lora' (Join-Path (New-TestFolder) 'changing.safetensors')
        $layers = Get-LoraSpectrum $file
        Edit-LastByte $file
        $layers | Resize-Lora -Recipe $recipe -ErrorVariable problems -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        Get-FileName ([System.IO.Path]::GetDirectoryName($file)) | Should -Be 'changing.safetensors'
        $problems | Should -HaveCount 1
        $problems[0].FullyQualifiedErrorId | Should -Be "LayerStale,$command"
        $problems[0].Exception.Message | Should -BeLike "*$file*has changed*"
    }

    It 'are written when the file was only touched' {
        $file = Copy-Sample 'lora' (Join-Path (New-TestFolder) 'touched.safetensors')
        $layers = Get-LoraSpectrum $file
        [System.IO.File]::SetLastWriteTimeUtc($file, [datetime]::UtcNow.AddMinutes(1))
        ($layers | Resize-Lora -Recipe $recipe).NewRank | Should -Be 366
    }

}

Describe 'What is no LoRA layer' {
    It 'is refused from the pipeline: <name>' -ForEach @(
        @{ name = 'a number'; thing = 12 }
        @{ name = 'an object of other properties'; thing = [pscustomobject]@{ Name = 'style' } }
    ) {
        $thing | Resize-Lora -Recipe $recipe -ErrorVariable problems -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problems | Should -Not -BeNullOrEmpty
    }
}
